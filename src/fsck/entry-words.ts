import type { LeafEntry } from '../history/log-leaf.js';

/** What an entry is told of by; the sequence is null where it has no place. */
export interface NamedEntry extends Pick<LeafEntry, 'entry' | 'type' | 'image' | 'attestation'> {
  readonly sequence: number | null;
  readonly data: object | null;
}

/** The columns of a NamedEntry besides its sequence, of `history_entries` as `e`. */
export const NAMED_ENTRY = `'entry', e.id::text, 'type', e.type, 'image', e.image, 'attestation', e.attestation, 'data', e.data`;

/** The place of an entry `e`. */
export const PLACE = '(select q.sequence from history_sequence q where q.entry = e.id)';

/** By the member of its data that names what an entry tells of, what that is; the first one names it. */
const NAMED_BY: readonly (readonly [member: string, what: string])[] = [
  ['verdict', 'verdict'],
  ['waiver', 'waiver'],
  ['hold', 'legal hold'],
  ['token', 'token'],
  ['attestor', 'attestor'],
  ['trustRoot', 'trust root'],
  ['policy', 'policy'],
];

/** An entry as an auditor finds it again: its id, its place, its type, and what it tells of. */
export function entryWords({ entry, sequence, type, image, attestation, data }: NamedEntry): string {
  const members = new Map<string, unknown>(Object.entries(data ?? {}));
  const named = NAMED_BY.flatMap(([member, what]) => {
    const name = members.get(member);
    return typeof name === 'string' ? [` of ${what} ${name}`] : [];
  });
  const about = attestation ?? image;
  const digest = about === null ? '' : ` ${named.length === 0 ? 'of' : 'about'} ${about}`;
  return `entry ${entry}${sequence === null ? '' : ` of sequence ${sequence}`}, ${type}${named[0] ?? ''}${digest}`;
}
