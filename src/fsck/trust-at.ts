import { publicGoodRoot } from '../intoto/sigstore/public-good-root.js';
import { LOAD_RECORDS } from '../trust/trust-records.store.js';
import { emptyTrust, extendTrust, type TrustRecords, type TrustSnapshot } from '../trust/trust-snapshot.js';
import type { Reading } from './walk.js';

/** Revisions that workers of one time may have had before them. */
const KEPT = 16;

/** Trust as it was at revisions that are asked for more or less in their order. */
export class TrustAt {
  private readonly empty = emptyTrust(publicGoodRoot());
  /** The last asked for is the last. */
  private readonly kept = new Map<number, TrustSnapshot>();

  async revision(revision: number, reading: Reading): Promise<TrustSnapshot> {
    const known = this.kept.get(revision);
    if (known !== undefined) return known;
    const base = [...this.kept.values()]
      .filter((snapshot) => snapshot.revision < revision)
      .reduce((best, next) => (next.revision > best.revision ? next : best), this.empty);
    const [records] = await reading.query<TrustRecords>(LOAD_RECORDS, [base.revision, revision]);
    if (records === undefined) throw new Error('the database holds no trust revision');
    const trust = extendTrust(base, revision, records);
    this.kept.set(revision, trust);
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT && oldest !== undefined) this.kept.delete(oldest);
    return trust;
  }
}
