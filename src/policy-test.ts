import { parseArgs } from 'node:util';
import { POLICY_TEST_EXIT, testPolicies } from './policy-test/test-policies.js';

/*
 * `assay policy test`: runs cases about policies through the very evaluation that the service uses, without a service.
 * The `assay` command starts it with a command line that it has read already.
 */

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { junit: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  process.exitCode = await testPolicies(
    { paths: positionals, junit: values.junit ?? null, json: values.json },
    {
      print: (line) => process.stdout.write(`${line}\n`),
      warn: (line) => process.stderr.write(`${line}\n`),
      clock: () => performance.now(),
    },
  );
} catch (error) {
  process.exitCode = POLICY_TEST_EXIT.malformed;
  process.stderr.write(`assay: ${error instanceof Error ? error.message : String(error)}\n`);
}
