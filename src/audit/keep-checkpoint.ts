import { renameSync, writeFileSync } from 'node:fs';

/** Keeps a checkpoint in a file, which holds the one before until this one is there whole. */
export function keepCheckpoint(file: string, note: Uint8Array): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, note);
  renameSync(unfinished, file);
}
