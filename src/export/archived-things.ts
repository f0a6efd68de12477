import type { Json } from '../intoto/json.js';
import type { ArchivedLeaf, ArchivedThing } from './archive-record.js';
import type { ArchivedRow, ArchiveStore } from './archive.store.js';

/** Envelopes held in memory at once, in bytes; one that is larger is held alone. */
const ENVELOPE_BYTES = 4 * 1024 * 1024;

/** The parts of the record that are read as they stand. */
const PARTS = ['verifications', 'verdicts', 'policies', 'trust', 'waivers', 'indexes', 'dropped', 'holds'] as const;

/** What a leaf tells of: in which part of the record it stands, and under what name. */
interface Reference {
  readonly part: 'attestations' | (typeof PARTS)[number];
  readonly of: string;
}

type Member = string | number | boolean | null | object | undefined;

function referenceOf({ type, entry, image, attestation, data }: ArchivedLeaf): Reference | null {
  const said = (data ?? {}) as Readonly<Record<string, Member>>;
  const named = (part: Reference['part'], of: Member): Reference | null =>
    typeof of === 'string' || typeof of === 'number' ? { part, of: String(of) } : null;
  if (type === 'attestation.received') return named('attestations', attestation);
  if (type === 'attestation.verified' || type === 'attestation.rejected' || type === 'attestation.error') {
    return named('verifications', entry);
  }
  if (type === 'policy.changed') {
    const { policy, revision } = said;
    return typeof policy === 'string' && typeof revision === 'number'
      ? named('policies', `${policy}@${revision}`)
      : null;
  }
  if (type === 'image.related') return named('indexes', image);
  if (type.startsWith('verdict.')) return named('verdicts', said.verdict);
  if (type.startsWith('waiver.')) return named('waivers', said.waiverRevision);
  if (type === 'envelope.dropped') return named('dropped', attestation);
  if (type === 'hold.placed' || type === 'hold.released') {
    return typeof said.hold === 'string' ? named('holds', `${type} ${said.hold}`) : null;
  }
  return named('trust', said.trustRevision);
}

/**
 * The leaves in their order, each with what it tells of. Of envelopes no more than a few megabytes are held at once.
 */
export async function* withThings(
  leaves: readonly ArchivedLeaf[],
  store: ArchiveStore,
): AsyncGenerator<{ readonly leaf: ArchivedLeaf; readonly things: readonly ArchivedThing[] }> {
  const references = new Map(leaves.map((leaf) => [leaf, referenceOf(leaf)]));
  const namesOf = (part: Reference['part']): readonly string[] =>
    [...references.values()].flatMap((reference) => (reference?.part === part ? [reference.of] : []));
  const ids = namesOf('attestations');
  const [attestations, ...others] = await Promise.all([
    ids.length === 0 ? [] : store.attestations(ids),
    store.verifications(namesOf('verifications')),
    store.verdicts(namesOf('verdicts')),
    store.policies(namesOf('policies')),
    store.trust(namesOf('trust')),
    store.waivers(namesOf('waivers')),
    store.indexes(namesOf('indexes')),
    store.dropped(namesOf('dropped')),
    store.holds(namesOf('holds')),
  ]);
  const found = new Map(PARTS.map((part, place) => [part, Map.groupBy(others[place] ?? [], ({ of }) => of)] as const));
  const received = new Map(attestations.map((attestation) => [attestation.of, attestation]));
  let ahead = ids;
  let envelopes: ReadonlyMap<string, Buffer> = new Map();
  for (const leaf of leaves) {
    const reference = references.get(leaf) ?? null;
    if (reference === null) yield { leaf, things: [] };
    else if (reference.part === 'attestations') {
      // What was dropped is none of those that were read, and is not read for again.
      if (ahead.includes(reference.of)) {
        const next = nextEnvelopes(ahead, (id) => received.get(id)?.size ?? 0);
        ahead = ahead.slice(next.length);
        envelopes = await store.envelopes(next);
      }
      yield { leaf, things: await asStored(reference.of, received, envelopes, store) };
    } else {
      const rows = found.get(reference.part)?.get(reference.of) ?? [];
      yield { leaf, things: rows.map(withoutName) };
    }
  }
}

/** An envelope that is not there was dropped, perhaps since its attestation was read. */
async function asStored(
  id: string,
  received: ReadonlyMap<string, { readonly row: Json }>,
  envelopes: ReadonlyMap<string, Buffer>,
  store: ArchiveStore,
): Promise<readonly ArchivedThing[]> {
  const row = received.get(id)?.row;
  if (row === undefined) return [];
  const envelope = envelopes.get(id)?.toString('base64');
  if (envelope !== undefined) return [{ record: 'attestation', row, envelope }];
  const [dropped] = await store.dropped([id]);
  return dropped === undefined ? [] : [{ record: 'attestation', row, envelope: null, dropped: dropped.row }];
}

function nextEnvelopes(ids: readonly string[], sizeOf: (id: string) => number): readonly string[] {
  let bytes = 0;
  const end = ids.findIndex((id, place) => (bytes += sizeOf(id)) > ENVELOPE_BYTES && place > 0);
  return end < 0 ? ids : ids.slice(0, end);
}

function withoutName({ of: _name, ...thing }: ArchivedRow): ArchivedThing {
  return thing;
}
