import { execFile } from 'node:child_process';
import { decodeBase64 } from '../intoto/base64.js';
import type { PublicKey } from '../intoto/public-key.js';
import { signatureMatches } from '../intoto/signature-matches.js';
import { AppError } from '../platform/app-error.js';

export interface SigningCommand {
  /** The program and its arguments; no shell reads them. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By which every signature must verify before it is given out. */
  readonly publicKey: PublicKey;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** A signature is a hundred bytes; more says something else. */
const MOST_OUTPUT_BYTES = 64 * 1024;
/** Programs that run at once; each is a process of its own. */
const AT_ONCE = 8;

/**
 * Signs by running a program: the bytes to sign on its standard input, the signature in base64 on its standard output.
 * What it says is believed only where it verifies by the public key.
 *
 * Rejects with AppError `signing_unavailable` where the program fails, takes too long or signs by another key, and where
 * too many run already.
 */
export function commandSigner(command: SigningCommand): (message: Buffer) => Promise<Buffer> {
  let running = 0;
  return async (message) => {
    if (running >= AT_ONCE) throw unavailable('too many signatures are being made at once');
    running += 1;
    try {
      const { bytes, fault } = decodeBase64((await outputOf(command, message)).trim());
      if (fault !== null) throw unavailable('the signing command answered no base64');
      if (!(await verifies(command.publicKey, message, bytes))) {
        throw unavailable('the signing command answered a signature that is not by the configured public key');
      }
      return bytes;
    } finally {
      running -= 1;
    }
  };
}

async function verifies({ key, schemes }: PublicKey, message: Buffer, signature: Buffer): Promise<boolean> {
  for (const scheme of schemes) if (await signatureMatches(scheme, key, message, signature)) return true;
  return false;
}

function outputOf({ words, env, timeoutMs = TIMEOUT_MS }: SigningCommand, message: Buffer): Promise<string> {
  const [program = '', ...rest] = words;
  return new Promise((resolve, reject) => {
    const options = {
      env: { ...env },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: MOST_OUTPUT_BYTES,
    } as const;
    const child = execFile(program, rest, options, (error, output) => {
      if (error === null) resolve(output);
      else reject(unavailable('the signing command failed; the log has its words', error));
    });
    // A program that ends without reading says in its status why.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(message);
  });
}

function unavailable(detail: string, cause?: unknown): AppError {
  return new AppError('overloaded', 'signing_unavailable', detail, {
    retryAfterSeconds: 5,
    ...(cause === undefined ? {} : { cause }),
  });
}
