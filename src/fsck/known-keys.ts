import type { VerificationKey } from '../intoto/verify-envelope.js';
import type { AttestorRecord } from '../trust/attestor.js';
import type { Thumbprint } from '../trust/signer.js';
import { emptyTrust, extendTrust } from '../trust/trust-snapshot.js';
import { verificationKeys } from '../trust/verification-keys.js';
import type { Reading } from './walk.js';

const EVERY_STATE = `
  select name, trust_revision as "trustRevision", to_jsonb(at) #>> '{}' as at, attestor from attestor_states order by trust_revision`;

/** The keys that any attestor has ever held, as they are on record; read again where one asked for has come since. */
export class KnownKeys {
  private keys: ReadonlyMap<Thumbprint, VerificationKey> = new Map();

  async find(thumbprint: Thumbprint, reading: Reading): Promise<VerificationKey | null> {
    const known = this.keys.get(thumbprint);
    if (known !== undefined) return known;
    const states = await reading.query<AttestorRecord>(EVERY_STATE, []);
    const { keys } = verificationKeys(extendTrust(emptyTrust(null), Infinity, { states }));
    this.keys = new Map(keys.map((key) => [key.thumbprint, key]));
    return this.keys.get(thumbprint) ?? null;
  }
}
