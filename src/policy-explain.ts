import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printable } from './policy-test/report.js';
import { explainPolicy } from './policy/explain-policy.js';
import { parsePolicy } from './policy/parse-policy.js';

/*
 * `assay policy explain`: says in words what a policy asks for, without a service. The `assay` command starts it with a
 * command line that it has read already.
 */

const COULD_NOT_FIND_OUT = 2;

try {
  const [file = ''] = parseArgs({ allowPositionals: true }).positionals;
  const document = parsePolicy(readFileSync(file), file.endsWith('.json') ? 'json' : 'yaml');
  for (const line of explainPolicy(document)) process.stdout.write(`${printable(line)}\n`);
} catch (error) {
  process.exitCode = COULD_NOT_FIND_OUT;
  const told = error instanceof Error ? error.message : String(error);
  for (const line of told.split('\n')) process.stderr.write(`assay: ${printable(line)}\n`);
}
