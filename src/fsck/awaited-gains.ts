import { SIGNATURE_SCHEMES } from '../intoto/signature-scheme.js';
import { keyCause, ROOT_CAUSE } from '../trust/gain-causes.js';

/** What an examination recorded that it waits for, and by which reader. */
export interface RecordedWaiting {
  readonly gains: readonly string[];
  readonly readerRevision: number;
  readonly signers: readonly { readonly thumbprint: string }[];
  /** How many were proved to have signed. */
  readonly proved: number;
}

/** `same`: it waits for what it should; `other`: it does not; `unknown`: there is nothing to hold it against. */
export type WaitingVerdict = 'same' | 'other' | 'unknown';

/**
 * Whether an examination waits for what the same bytes wait for by the same trust. What the predicate says decides for whom of
 * the known signers it waits, and so does its reader; which signatures and certificates nobody is known for does not. What an
 * earlier reader read is examined again in any case where anybody signed it, and so loses nothing by what it waits for.
 *
 * @param again what the reader of today waits for, which is of revision `reader`.
 */
export function judgeWaiting(recorded: RecordedWaiting, again: readonly string[], reader: number): WaitingVerdict {
  const { gains, readerRevision, proved } = recorded;
  if (isSame(gains, again)) return 'same';
  if (isAsUpgraded(recorded) && includes(gains, again)) return 'same';
  if (readerRevision === reader || !isSame(gains.filter(isOfStrangers), again.filter(isOfStrangers))) return 'other';
  if (includes(gains, again) || (readerRevision < reader && proved > 0)) return 'same';
  return 'unknown';
}

/** Whether somebody is waited for whom nobody knows, whatever the predicate says. */
function isOfStrangers(cause: string): boolean {
  return cause === ROOT_CAUSE || cause.startsWith('key:');
}

/** An upgrade from a release that knew no causes wrote every scheme and all that were known to have signed. */
function isAsUpgraded({ gains, signers }: RecordedWaiting): boolean {
  return isSame(gains, [
    ...SIGNATURE_SCHEMES.map(keyCause),
    ...signers.map(({ thumbprint }) => `signer:${thumbprint}`),
  ]);
}

function includes(all: readonly string[], some: readonly string[]): boolean {
  return some.every((cause) => all.includes(cause));
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return includes(one, other) && includes(other, one);
}
