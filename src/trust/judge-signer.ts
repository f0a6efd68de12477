import type { HeldIdentity } from './attestor-state.js';
import type { Attestor, IdentityRevocation, KeyRevocation } from './attestor.js';
import {
  notOneOf,
  stranger,
  type AuthorityCode,
  type Eligibility,
  type Moment,
  type Question,
  type Repository,
} from './eligibility.js';
import { epochOf } from './epoch.js';
import type { Nearness } from './identity-pattern.js';
import { refusalOfPlace, refusalOfTime, refusalOfType } from './refusal.js';
import { revocationsBinding, revocationsOfCertificate } from './revocations-binding.js';
import type { CertificateSigner, KeySigner } from './signer.js';
import { certificateStandsUnder, provenTimeUnder } from './trust-root-authority.js';
import { callerFault } from './workflow-caller.js';

/** Judges by one moment. Throws RangeError where a time of the signer is not one. */
export function judge(question: Question, moment: Moment, repository: Repository): Eligibility {
  const { name, signer, isItsOwn } = question;
  const { attestor } = moment.state;
  if (attestor === null) {
    return isItsOwn ? { ...stranger(`attestor ${name} was deleted`), code: 'signer_revoked' } : notOneOf(name);
  }
  return signer.type === 'key'
    ? judgeKey(question, signer, moment, attestor, repository)
    : judgeCertificate(question, signer, moment, attestor, repository);
}

function judgeKey(
  question: Question,
  signer: KeySigner,
  moment: Moment,
  attestor: Attestor,
  repository: Repository,
): Eligibility {
  const { trust, name, receivedAt } = question;
  const held = moment.state.keys.get(signer.thumbprint);
  if (held === undefined) return { ...notOneOf(name), attestor };
  const { key } = held;
  const provenAt = provenTimeUnder(moment.rootOf(key.trustRoot), signer);
  const found = { attestor, credential: { type: 'key', key }, provenAt } as const;
  if (!key.schemes.includes(signer.scheme)) {
    return {
      ...found,
      code: 'signer_not_allowed',
      message: `key ${key.id} of ${name} may not sign as ${signer.scheme}`,
    };
  }
  const refusal =
    refusalOfType(question, attestor) ??
    refusalOfTime({
      what: `key ${key.id} of ${name}`,
      revoked: () => `key ${key.id} of ${name}`,
      held,
      bindings: revocationsBinding(trust, name, signer.thumbprint),
      known: moment.known,
      judgedAt: epochOf(provenAt, receivedAt),
      happened: provenAt === null ? 'received' : 'signed',
    }) ??
    refusalOfPlace(question, moment.state, repository);
  return { ...found, ...(refusal ?? { code: 'counts', message: `signed by key ${key.id} of ${name}` }) };
}

/** Of the identities that fit, the first that counts by the order of their ids, else the one that comes closest. */
function judgeCertificate(
  question: Question,
  signer: CertificateSigner,
  moment: Moment,
  attestor: Attestor,
  repository: Repository,
): Eligibility {
  let closest: Eligibility = { ...notOneOf(question.name), attestor };
  for (const held of moment.state.identities) {
    const judged = judgeIdentity(question, signer, held, moment, attestor, repository);
    if (judged.code === 'counts') return judged;
    if (closeness(judged) > closeness(closest)) closest = judged;
  }
  return closest;
}

/** Among mismatches the one of the nearest identity comes closest. */
function closeness({ code, nearness = 'none' }: Eligibility): number {
  return CLOSENESS.indexOf(code) + NEARNESS.indexOf(nearness) / NEARNESS.length;
}

/** Each later one is nearer. */
export const NEARNESS: readonly Nearness[] = ['none', 'issuer', 'subject', 'both'];

/** Each later one came closer to counting. */
const CLOSENESS: readonly AuthorityCode[] = [
  'wrong_attestor',
  'identity_mismatch',
  'root_not_trusted',
  'signer_revoked',
  'key_not_valid_then',
  'signer_not_allowed',
  'counts',
];

function judgeIdentity(
  question: Question,
  signer: CertificateSigner,
  held: HeldIdentity,
  moment: Moment,
  attestor: Attestor,
  repository: Repository,
): Eligibility {
  const { trust, name } = question;
  const { identity } = held;
  const what = `identity ${identity.id} of ${name}`;
  const compared = held.compare(signer.identity);
  if (!compared.fits && compared.nearly === null) return { ...notOneOf(name), attestor };
  const mismatch = compared.fits ? callerFault(identity, signer.identity, compared.subject) : compared.nearly;
  if (mismatch !== null) {
    const message = `it is not signed by ${what}: ${mismatch}`;
    const nearness = compared.fits ? 'both' : compared.nearness;
    return { code: 'identity_mismatch', message, attestor, credential: null, provenAt: null, nearness };
  }
  const credential = { type: 'identity', identity } as const;
  const root = moment.rootOf(identity.trustRoot);
  const standing =
    root === null
      ? ({ stands: false, message: `there is no trust root ${identity.trustRoot}` } as const)
      : certificateStandsUnder(root, signer);
  const found = { attestor, credential, provenAt: standing.stands ? standing.provenAt : null };
  if (!standing.stands) {
    const refused = { code: 'root_not_trusted', message: `it fits ${what}, but ${standing.message}` } as const;
    return { ...found, ...(refusalOfType(question, attestor) ?? refused) };
  }
  const refusal =
    refusalOfType(question, attestor) ??
    refusalOfTime({
      what,
      revoked: whatIsRevoked,
      held,
      bindings: revocationsOfCertificate(trust, name, identity.id, signer),
      known: moment.known,
      judgedAt: epochOf(standing.provenAt),
      happened: 'signed',
    }) ??
    refusalOfPlace(question, moment.state, repository);
  return { ...found, ...(refusal ?? { code: 'counts', message: `signed by ${what}` }) };
}

/** A certificate may be bound by what was revoked elsewhere, and by other identities than the one it fits. */
function whatIsRevoked(revocation: KeyRevocation | IdentityRevocation): string {
  const { attestor } = revocation;
  return 'keyId' in revocation
    ? `the key of its certificate, key ${revocation.keyId} of ${attestor},`
    : `identity ${revocation.identityId} of ${attestor}`;
}
