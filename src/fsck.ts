import { checkInvariants, CutShort, type Finding } from './fsck/check-invariants.js';
import { openReading } from './fsck/open-reading.js';
import { ConfigError, readConfig, type Config } from './platform/config.js';

/** Every invariant holds / some do not / it could not be found out. */
const SOUND = 0;
const VIOLATED = 1;
const NOT_FOUND_OUT = 2;

/**
 * Walks everything that is stored and says of each invariant whether it holds: a line each on standard output. Changes
 * nothing, and may run beside the service.
 */
async function fsck(config: Config): Promise<number> {
  const { reading, close } = await openReading(config, 'assay-fsck', say);
  try {
    const unheld: string[] = [];
    const findings = await checkInvariants(reading, { onUnheld: (sentence) => unheld.push(sentence) }).catch(
      knownByThen,
    );
    for (const { invariant, violations, first } of findings) {
      process.stdout.write(
        first === null ? `ok       ${invariant}\n` : `VIOLATED ${invariant}: ${violations} times; first: ${first}\n`,
      );
    }
    for (const sentence of unheld) process.stdout.write(`not held ${sentence}\n`);
    const violated = findings.filter((finding) => finding.first !== null);
    process.stdout.write(`${findings.length} invariants, ${violated.length} violated\n`);
    return violated.length === 0 ? SOUND : VIOLATED;
  } finally {
    await close();
  }
}

/** Once anything is violated that is so, whatever becomes of the database. */
function knownByThen(error: unknown): readonly Finding[] {
  if (!(error instanceof CutShort) || error.findings.every(({ first }) => first === null)) throw error;
  say(`the rest was not found out: ${error.message}`);
  return error.findings;
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  process.exitCode = await fsck(readConfig(undefined, { purpose: 'migrate' }));
} catch (error) {
  process.exitCode = NOT_FOUND_OUT;
  say(error instanceof ConfigError ? error.message : `nothing was found out: ${messageOf(error)}`);
}
