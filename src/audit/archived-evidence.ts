import type { Thing } from './archive-line.js';
import { envelopeFault, verdictFault } from './bound-by-leaf.js';
import { miscopied } from './copied-columns.js';
import type { LeafEntry } from './told-entry.js';
import { tellingOf } from './told-rows.js';

/** What of an archive is held against its entries. */
export type HeldKind = 'envelope' | 'verdict' | 'row';

export interface Held {
  /** null where an entry tells of nothing besides itself. */
  readonly kind: HeldKind | null;
  /** What is wrong; null where nothing is. */
  readonly fault: string | null;
}

/**
 * Holds what stands before an entry in an archive, and belongs to it, against what the entry tells; null where the entry is of a
 * type that is not known here, of which nothing can be said.
 */
export function holdThings(entry: LeafEntry, things: readonly Thing[]): Held | null {
  const telling = tellingOf(entry.type);
  if (telling === undefined) return null;
  const { sequence, type } = entry;
  if (telling === null) {
    const [first] = things;
    const fault =
      first === undefined ? null : `a ${first.record} stands before entry ${sequence}, ${type}, which has none`;
    return { kind: null, fault };
  }
  const { record, table, others } = telling;
  const kind = record === 'attestation' ? 'envelope' : record === 'verdict' ? 'verdict' : 'row';
  const own = things.filter((thing) => thing.record === record && (!('table' in thing) || thing.table === table));
  const [thing] = own;
  if (thing === undefined) return { kind, fault: missing(entry, record) };
  const what = `the ${record} of entry ${sequence}, ${type}${aboutWhat(entry)},`;
  if (things.length > 1)
    return { kind, fault: `${what} is one of ${things.length} records before it, and must be alone` };
  const fault = boundFault(entry, thing);
  if (fault !== null) return { kind, fault };
  const wrong = others(thing, entry);
  if (wrong.length > 0) return { kind, fault: `${what} has another ${wrong.join(', ')} than was sealed` };
  const copied = miscopied(thing);
  return { kind, fault: copied.length === 0 ? null : `${what} has another ${copied.join(', ')} than it says itself` };
}

function missing(entry: LeafEntry, record: Thing['record']): string {
  if (record === 'attestation') return envelopeFault(entry, null) ?? '';
  if (record === 'verdict') return verdictFault(entry, null) ?? '';
  return `the ${record} of entry ${entry.sequence}, ${entry.type}${aboutWhat(entry)}, is not there`;
}

/** What is bound by a digest over it rather than named. */
function boundFault(entry: LeafEntry, thing: Thing): string | null {
  if (thing.record === 'attestation') return thing.isDropped ? null : envelopeFault(entry, thing.hash);
  if (thing.record === 'index' && thing.hash !== entry.image) {
    return `the index ${String(entry.image)} of entry ${entry.sequence} hashes to ${String(thing.hash)}`;
  }
  if (thing.record !== 'verdict') return null;
  const { id, requested_by: requestedBy, context = null, verdict } = thing.row;
  const [recorded, occasion] = [objectOf(verdict), objectOf(context)];
  if (recorded === null || (context !== null && occasion === null)) return verdictFault(entry, null);
  return verdictFault(entry, { id, requestedBy, context: occasion, verdict: recorded });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function aboutWhat({ attestation, image, data }: LeafEntry): string {
  const named = ['attestor', 'trustRoot', 'policy', 'waiver', 'hold']
    .map((name) => data[name])
    .find((name) => name !== undefined);
  const about = attestation ?? image ?? named;
  return typeof about === 'string' ? ` of ${about}` : '';
}
