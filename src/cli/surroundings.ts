import type { Readable } from 'node:stream';

/** What a command needs of the process it runs in. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  /** Writes a line of the answer. */
  readonly print: (line: string) => void;
  /** Writes the answer's bytes as they are. */
  readonly write: (bytes: Uint8Array) => void;
  /** Writes a line about the answer, to where it cannot be mistaken for it. */
  readonly warn: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}
