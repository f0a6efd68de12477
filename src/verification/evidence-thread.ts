import { readEvidence, type EvidenceReading } from './read-evidence.js';
import type { VerificationMaterial } from './verification-material.js';

/** What a thread is handed; keys keep being keys when they are handed over. */
export interface EvidenceTask {
  readonly bytes: Uint8Array;
  /** Names the material within this process. */
  readonly materialId: number;
  /** Absent where the thread is thought to have it. */
  readonly material?: VerificationMaterial;
}

let held: { readonly id: number; readonly material: VerificationMaterial } | null = null;

/** The one thing a thread does; null where it has to be told what to verify by. */
export default async function readInThread(task: EvidenceTask): Promise<EvidenceReading | null> {
  if (task.material !== undefined) held = { id: task.materialId, material: task.material };
  if (held?.id !== task.materialId) return null;
  return readEvidence(task.bytes, held.material);
}
