import type { HistoryData, HistoryType } from './history-entry.js';
import type { PlacedEntry } from './history.store.js';

/** Somebody's own words, such as a reason, are cut there. */
const LONGEST_QUOTE = 200;

const NOUNS: Readonly<Record<string, string>> = {
  build: 'a build',
  scan: 'a scan',
  test: 'a test',
  approval: 'an approval',
  sbom: 'an SBOM',
  vex: 'a VEX document',
  summary: 'a verification summary',
};

type Told = { readonly [T in HistoryType]: { readonly type: T; readonly data: HistoryData[T] } }[HistoryType];

/**
 * The entry in words, in one line without a name for its image.
 *
 * @param kind of the attestation that the entry is about; null where it is about none, or of no known kind.
 */
export function summaryOf(entry: Pick<PlacedEntry, 'type' | 'data'>, kind: string | null): string {
  const noun = NOUNS[kind ?? ''] ?? 'an attestation';
  // The shapes of data belong to their types, and whoever appends is held to that.
  const told = entry as unknown as Told;
  switch (told.type) {
    case 'attestation.received':
      return `${noun} was received`;
    case 'attestation.verified':
      return `${noun} was verified, signed by ${listed(told.data.signers)}`;
    case 'attestation.rejected':
      return `${noun} was rejected: ${told.data.code}`;
    case 'attestation.error':
      return `${noun} could not be examined`;
    case 'envelope.dropped':
      return `the envelope of ${noun} was dropped by the rule ${told.data.rule}`;
    case 'hold.placed':
      return `a legal hold was placed on ${heldOf(told.data)}: ${quoted(told.data.reason)}`;
    case 'hold.released':
      return `a legal hold was released: ${quoted(told.data.reason)}`;
    case 'attestor.created':
      return `attestor ${told.data.attestor} was registered`;
    case 'attestor.changed':
      return `attestor ${told.data.attestor} was changed`;
    case 'attestor.deleted':
      return `attestor ${told.data.attestor} was deleted`;
    case 'key.revoked':
      return `key ${told.data.keyId} of attestor ${told.data.attestor} was revoked as ${told.data.reason}${since(told.data)}`;
    case 'identity.revoked':
      return `identity ${told.data.identityId} of attestor ${told.data.attestor} was revoked as ${told.data.reason}${since(told.data)}`;
    case 'trust_root.created':
      return `trust root ${told.data.trustRoot} was registered`;
    case 'trust_root.changed':
      return `trust root ${told.data.trustRoot} was changed`;
    case 'trust_root.deleted':
      return `trust root ${told.data.trustRoot} was deleted`;
    case 'attestation.revoked':
      return `what ${noun} says was revoked: ${quoted(told.data.reason)}`;
    case 'attestation.retracted':
      return `what ${noun} says was retracted: ${quoted(told.data.reason)}`;
    case 'image.related':
      return `an index of ${told.data.manifests} manifests was put on record`;
    case 'policy.changed':
      return `policy ${told.data.policy} became revision ${told.data.revision}`;
    case 'verdict.recorded':
      return `${told.data.decision} by policy ${told.data.policy}, revision ${told.data.revision}`;
    case 'verdict.break_glass':
      return `allowed by break-glass under policy ${told.data.policy}: ${quoted(told.data.justification)}`;
    case 'waiver.created':
      return `a waiver of requirement ${told.data.requirement} of policy ${told.data.policy} was made`;
    case 'waiver.approved':
      return `a waiver under policy ${told.data.policy} was approved`;
    case 'waiver.revoked':
      return `a waiver under policy ${told.data.policy} was revoked: ${quoted(told.data.reason)}`;
    case 'token.created':
      return `token ${told.data.name} was issued`;
    case 'token.revoked':
      return `token ${told.data.name} was revoked`;
  }
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nobody who counts' : names.join(', ');
}

function since({ effectiveFrom }: { readonly effectiveFrom: string | null }): string {
  return effectiveFrom === null ? '' : ` since ${effectiveFrom}`;
}

function heldOf({ scope, target }: HistoryData['hold.placed']): string {
  return target === null ? scope : `${scope} ${target}`;
}

function quoted(text: string): string {
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}…`;
}
