import type { TrustStore } from '../trust/trust.store.js';
import { examine, type Examination } from './examine.js';
import type { EvidenceReader, Readable } from './evidence-reader.service.js';
import { verificationMaterial } from './verification-material.js';

/**
 * What evidence would come to if it were received at this moment, by the trust that is current: the same examination as a
 * worker's, of which nothing is kept. A signature that is still to be matched stays so, whatever is stored already.
 */
export async function previewEvidence(
  evidence: Readable,
  { reader, trust }: { readonly reader: EvidenceReader; readonly trust: TrustStore },
): Promise<{ readonly examination: Examination; readonly at: Date }> {
  const { trust: snapshot, now } = await trust.current();
  const reading = await reader.read(evidence, verificationMaterial(snapshot));
  return { examination: examine(reading, now, snapshot), at: now };
}
