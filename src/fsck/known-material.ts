import { canonicalJson } from '../intoto/canonical-json.js';
import { publicGoodRoot } from '../intoto/sigstore/public-good-root.js';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import type { VerificationKey } from '../intoto/verify-envelope.js';
import type { Thumbprint } from '../trust/signer.js';
import { LOAD_RECORDS } from '../trust/trust-records.store.js';
import { emptyTrust, extendTrust, type TrustRecords, type TrustSnapshot } from '../trust/trust-snapshot.js';
import { verificationKeys } from '../trust/verification-keys.js';
import type { Reading } from './walk.js';

/** By what signatures on record can be verified again. */
export interface Material {
  readonly keys: ReadonlyMap<Thumbprint, VerificationKey>;
  /** Every trust root as it ever was, each once. */
  readonly roots: readonly TrustRoot[];
}

/** The keys and roots that trust has ever known, as they are on record; read again where trust has changed since. */
export class KnownMaterial {
  private revision = -1;
  private material: Material = { keys: new Map(), roots: [] };

  /** What was known at this trust revision, or later. */
  async at(trustRevision: number, reading: Reading): Promise<Material> {
    if (trustRevision <= this.revision) return this.material;
    const [records] = await reading.query<TrustRecords & { readonly current: string }>(LOAD_RECORDS, [
      0,
      Number.MAX_SAFE_INTEGER,
    ]);
    if (records === undefined) throw new Error('the database holds no trust revision');
    this.revision = Number(records.current);
    const trust = extendTrust(emptyTrust(publicGoodRoot()), this.revision, records);
    const { keys } = verificationKeys(trust);
    this.material = { keys: new Map(keys.map((key) => [key.thumbprint, key])), roots: everyRoot(trust) };
    return this.material;
  }
}

function everyRoot(trust: TrustSnapshot): readonly TrustRoot[] {
  const roots = [...trust.roots.values()].flat().flatMap(({ held }) => (held === null ? [] : [held.root]));
  return [...new Map(roots.map((root) => [canonicalJson(root), root])).values()];
}
