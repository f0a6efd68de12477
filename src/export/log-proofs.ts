import type { LogService } from '../history/log.service.js';
import type { Json } from '../intoto/json.js';
import type { ProofSource } from './archive.js';

/**
 * Proofs of the sealed log (RFC 6962, 2.1.1), all of them under the checkpoint that was the newest when the archive began:
 * `{index, hashes}` in base64 each, and the checkpoint as `{size, note}` with its signed note.
 */
export function logProofs(log: Pick<LogService, 'findCheckpoint' | 'inclusion'>): ProofSource {
  return {
    async checkpoint() {
      const newest = await log.findCheckpoint();
      return newest === null ? null : { size: newest.size, note: newest.note };
    },
    async proofs({ size }, sequences) {
      const proofs = await log.inclusion(size, sequences);
      return new Map(
        proofs.map(({ sequence, index, hashes }): [number, Json] => [
          sequence,
          { index, hashes: hashes.map((hash) => hash.toString('base64')) },
        ]),
      );
    },
  };
}
