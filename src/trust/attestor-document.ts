import { z } from 'zod';
import { KINDS } from '../intoto/predicate-kind.js';
import { CLAIM_NAMES } from '../intoto/proved-signer.js';
import { PUBLIC_GOOD, REVOCATION_REASONS } from './attestor.js';

const NAME = '[a-z0-9][a-z0-9._-]{0,99}';
const KEY_ID = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}';

/** The name of an attestor: lower case, so that no two differ in the case of a letter alone. */
export const attestorName = z.string().regex(new RegExp(`^${NAME}$`), `must match ${NAME}`);

/** The id of a key or an identity within its attestor; fit to stand in a path. */
export const keyId = z.string().regex(new RegExp(`^${KEY_ID}$`), `must match ${KEY_ID}`);

/** The name of a trust root. */
export const trustRootName = attestorName;

/** Milliseconds since the epoch of the first moment whose ISO form has a year of more than four digits. */
const YEAR_10000 = 253_402_300_800_000;

/** From 1970 to 9999: what every reader of a stored time can compare. */
export const time = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time with its offset, such as 2026-01-31T00:00:00Z' })
  .refine((text) => Date.parse(text) >= 0 && Date.parse(text) < YEAR_10000, 'must lie between 1970 and 9999')
  .describe('RFC 3339');

/** Text that names something and is compared: nothing invisible in it. */
function token(maxLength: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\s\p{C}]*$/u, 'must hold no space, control or invisible character');
}

/** Text that names something and may have spaces within: nothing invisible in it. */
function phrase(maxLength: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .regex(
      /^(?!\s)[^\p{C}]*(?<!\s)$/u,
      'must neither start nor end with a space nor hold a control or invisible character',
    );
}

const person = phrase(200);

const description = z
  .string()
  .max(1000)
  .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u, 'must hold no control character');

/** Every JOSE name by which a key may be confined to one algorithm; `Ed25519` is EdDSA (RFC 9864). */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
] as const;

/** One key as an operator hands it in. */
export const keyDocument = z
  .strictObject({
    id: keyId.describe('Names the key within the attestor for good: a new key needs a new id'),
    publicKey: z
      .union([z.string().min(1).max(20_000), z.record(z.string(), z.unknown())], 'must be a PEM text or a JWK object')
      .describe('PEM (PUBLIC KEY) or JWK; ECDSA P-256, P-384 or P-521, Ed25519, or RSA from 2048 bits'),
    algorithm: z.enum(ALGORITHMS).optional().describe('Without it an RSA key accepts RS256 and PS256'),
    signatureEncoding: z
      .enum(['der', 'ieee-p1363'])
      .optional()
      .describe('ECDSA only; without it both encodings are accepted'),
    trustRoot: trustRootName
      .nullish()
      .describe(`The root whose timestamps and logs prove when the key signed; ${PUBLIC_GOOD} where none is named`),
    validFrom: time.nullish().describe('First moment at which evidence counts'),
    validUntil: time.nullish().describe('First moment at which evidence no longer counts'),
    person: person.nullish().describe('Who stands behind the key; then that is the approver'),
  })
  .meta({ id: 'AttestorKeyDocument' });
export type KeyBody = z.infer<typeof keyDocument>;

/** One keyless identity as an operator hands it in. */
export const identityDocument = z
  .strictObject({
    id: keyId.describe('Names the identity within the attestor for good: another pattern needs another id'),
    issuer: z
      .string()
      .max(2000)
      .regex(/^https:\/\/[^\s\p{C}*]+$/u, 'must be an https URL without wildcards; it is compared byte for byte')
      .nullish()
      .describe(
        `The OIDC issuer, compared byte for byte. Only under another trust root than ${PUBLIC_GOOD} may it be left out; ` +
          'then certificates without an issuer are meant, and no others',
      ),
    subject: phrase(2000).nullish().describe('The subject alternative name; either this or subjectGlob'),
    subjectGlob: phrase(2000)
      .nullish()
      .describe(
        'An anchored glob of the subject: `*` stays within a segment, `**` crosses. The host of a URI and the domain of a ' +
          'mail address must stand without wildcards',
      ),
    claims: z
      .strictObject(Object.fromEntries(CLAIM_NAMES.map((name) => [name, phrase(2000).optional()])))
      .nullish()
      .describe('By extension of a Fulcio certificate, an anchored glob that its value must match'),
    trustRoot: trustRootName
      .nullish()
      .describe(`The root under which the certificate must stand; ${PUBLIC_GOOD} where none is named`),
    validFrom: time.nullish().describe('First moment at which what is signed counts'),
    validUntil: time.nullish().describe('First moment at which what is signed no longer counts'),
    person: person.nullish().describe('Who the subject is; then that is the approver. Only beside subject'),
  })
  .meta({ id: 'AttestorIdentityDocument' });
export type IdentityBody = z.infer<typeof identityDocument>;

/** What is PUT under an attestor's name. */
export const attestorDocument = z
  .strictObject({
    description: description.nullish(),
    kinds: z.array(z.enum(KINDS)).min(1).max(KINDS.length).optional().describe('Either this or predicateTypes'),
    predicateTypes: z.array(token(500)).min(1).max(100).optional().describe('Either this or kinds'),
    keys: z
      .array(keyDocument)
      .max(100)
      .optional()
      .describe('A key that is left out is retired: superseded from then on. Either these or identities, or both'),
    identities: z
      .array(identityDocument)
      .max(100)
      .optional()
      .describe('Whoever a certificate names. An identity that is left out is retired, as a key is'),
    repositories: z
      .array(token(500))
      .min(1)
      .max(100)
      .nullish()
      .describe('Anchored globs over the repository a gate names; `*` stays within a segment, `**` crosses'),
    builders: z
      .array(z.strictObject({ id: token(2000), slsaLevel: z.int().min(0).max(3) }))
      .max(100)
      .optional()
      .describe('The SLSA build level concluded for evidence of this attestor about a builder; ids may be globs'),
    mayNameApprovers: z.boolean().optional().describe('Whether approvals may name an approver other than the signer'),
  })
  .meta({ id: 'AttestorDocument' });
export type AttestorBody = z.infer<typeof attestorDocument>;

/** What is POSTed to revoke a key or an identity. */
export const revocationDocument = z
  .strictObject({
    reason: z.enum(REVOCATION_REASONS),
    effectiveFrom: time
      .nullish()
      .describe(
        'Evidence received, or by a proven signing time signed, at or after this moment stops helping; not in the future. ' +
          'Without it: now where superseded, ever where compromised',
      ),
  })
  .meta({ id: 'KeyRevocationDocument' });
