import { FaultList } from '../intoto/fault-list.js';
import { kindOf } from '../intoto/predicate-kind.js';
import type { DerivedFact, Json } from './fact.js';
import { PredicateField } from './predicate-field.js';
import { mayBeText, readerOf } from './reader-of.js';

/**
 * What a verified statement's predicate proves, in normal form. Pure and deterministic; takes time linear in the size of
 * the predicate, which is one parsed from JSON.
 *
 * Readers are strict about what decides and tolerant about what does not; unset, null and empty are the same. A predicate
 * that cannot be read as its type throws Malformed of the document `predicate`, with every fault found: it never becomes
 * a fact that says less than was signed. A type that nobody reads yields one fact with the predicate whole.
 */
export function deriveFacts(predicateType: string, predicate: unknown): readonly DerivedFact[] {
  const read = readerOf(predicateType);
  if (read === null) {
    const kind = kindOf(predicateType);
    if (kind !== 'other') throw new Error(`no reader is registered for ${predicateType}, of the kind ${kind}`);
    return [{ content: { kind: 'other', predicate: (predicate ?? {}) as Json }, predicateType, ownTime: null }];
  }
  const faults = new FaultList();
  const root = PredicateField.root(predicate, faults);
  const readable = root.isObject || (mayBeText(predicateType) && root.isSet && typeof predicate === 'string');
  if (!readable) root.fault('must be an object');
  const readings = readable ? read(root) : [];
  faults.throwIfAny('predicate');
  return readings.map((reading) => ({ ...reading, predicateType }));
}
