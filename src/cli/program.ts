import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { getAttestation } from './attestation.command.js';
import { putAttestor } from './attestor.command.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { explain } from './explain.command.js';
import { history } from './history.command.js';
import { parseNameValues } from './name-values.js';
import { checkPolicy, putPolicy } from './policy.command.js';
import { policyImpact } from './policy-impact.command.js';
import { post } from './post.command.js';
import { replay } from './replay.command.js';
import { connect, type Service } from './service.js';
import { DEFAULT_URL, readSettings } from './settings.js';
import { startComposition, type StartComposition } from './start-composition.js';
import type { Surroundings } from './surroundings.js';
import { putTrustRoot } from './trust-root.command.js';
import type { Paint } from './verdict-lines.js';
import { verdict } from './verdict.command.js';

const ENVIRONMENT = `
Environment:
  ASSAY_URL         the service's address (default ${DEFAULT_URL})
  ASSAY_TOKEN       the token to ask with
  ASSAY_TOKEN_FILE  a file that holds it

Exit status: 0 yes (verified, allowed, stored), 1 no (rejected, denied), 2 could not find out.`;

/**
 * The command line. Runs what it names and resolves with its exit status, also where the command line itself is at fault.
 * Rejects with Failure where there is no answer.
 */
export async function run(
  words: readonly string[],
  surroundings: Surroundings,
  paint: Paint,
  version: string,
  start: StartComposition = startComposition,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.unknown;
  const program = new Command('assay')
    .description('Evidence about container images in, verdicts with reasons out.')
    .version(version)
    .option('--url <url>', 'the address of the service; overrides ASSAY_URL')
    .addHelpText('after', ENVIRONMENT)
    .configureOutput({
      writeOut: (text) => {
        surroundings.print(text.trimEnd());
      },
      writeErr: (text) => {
        surroundings.warn(text.trimEnd());
      },
    })
    .exitOverride();
  const service = (): Service => {
    const { url } = program.opts<{ url?: string }>();
    return connect(readSettings(surroundings.env, url), surroundings);
  };

  program
    .command('post')
    .description('post signed evidence and wait until it is verified or rejected')
    .argument('<file...>', 'DSSE envelopes, Sigstore bundles or JWS; .jsonl holds one a line; - is standard input')
    .option('--no-wait', 'be content when the evidence is stored')
    .option('--dry-run', 'tell what would come of it, and store nothing', false)
    .option('--json', 'one JSON object a line for each piece of evidence', false)
    .action(async (files: string[], options: { wait: boolean; dryRun: boolean; json: boolean }) => {
      code = await post(files, options, service(), surroundings);
    });

  program
    .command('verdict')
    .description('ask whether an image may run, and why')
    .argument('<image>', 'REPOSITORY@sha256:… or sha256:…')
    .requiredOption('--policy <name>', 'the policy to ask under')
    .option('--param <name=value>', 'what the policy asks to know about the place (repeatable)', collect, [])
    .option(
      '--record',
      'put this very answer on record, with who asked; else only one that differs from the last is',
      false,
    )
    .option(
      '--context <name=value>',
      'recorded with it: environment, cluster, namespace, workload (repeatable)',
      collect,
      [],
    )
    .option('--explain', 'say what to do next as well', false)
    .option('--wait <seconds>', 'wait while evidence is still being verified', wholeNumber, 0)
    .addOption(
      new Option('--at <time>', 'by what was on record then, for auditors: 2026-03-01T12:00:00Z').conflicts([
        'record',
        'wait',
      ]),
    )
    .option('--json', 'the verdict as the service answers it', false)
    .action(async (image: string, options: VerdictFlags) => {
      const parameters = parseNameValues('--param', options.param);
      const context = parseNameValues('--context', options.context);
      code = await verdict(image, { ...options, parameters, context }, service(), surroundings, paint);
    });

  program
    .command('replay')
    .description('evaluate a verdict on record again, and tell what it would be by now')
    .argument('<id>', 'under which it stands on record')
    .option('--json', 'as the service answers it', false)
    .action(async (id: string, options: { json: boolean }) => {
      code = await replay(id, options, service(), surroundings, paint);
    });

  program
    .command('explain')
    .description('say of a verdict why it was given and what to do next')
    .argument('<verdict>', 'the id of one on record, or a file that holds one as the service answered it')
    .action(async (given: string) => {
      code = await explain(given, service, surroundings, paint);
    });

  const attestation = program.command('attestation').description('look at stored evidence');
  attestation
    .command('get')
    .description('what is known about one attestation')
    .argument('<id>', 'sha256:… of its bytes')
    .option('--envelope', 'its bytes, exactly as received', false)
    .option('--json', 'as the service answers it', false)
    .action(async (id: string, options: { envelope: boolean; json: boolean }) => {
      code = await getAttestation(id, options, service(), surroundings);
    });

  const policy = program.command('policy').description('write policies');
  policy
    .command('put')
    .description("make a document the policy's next revision")
    .argument('<name>')
    .argument('<file>', 'YAML, or JSON where it ends in .json')
    .action(async (name: string, file: string) => {
      code = await putPolicy(name, file, service(), surroundings);
    });
  policy
    .command('check')
    .description('check a document without changing anything')
    .argument('<file>', 'YAML, or JSON where it ends in .json')
    .action(async (file: string) => {
      code = await checkPolicy(file, service(), surroundings);
    });
  policy
    .command('impact')
    .description('what a document would decide otherwise than the current revision; changes nothing')
    .argument('<name>')
    .argument('<file>', 'YAML, or JSON where it ends in .json')
    .option(
      '--param <name=value>',
      'for images nobody has asked about, and questions that lack it (repeatable)',
      collect,
      [],
    )
    .option('--repository <repository>', 'for images nobody has asked about')
    .option('--json', 'one JSON object a line, as the service answers', false)
    .action(async (name: string, file: string, flags: ImpactFlags) => {
      const { repository = null, json } = flags;
      const options = { repository, json, parameters: parseNameValues('--param', flags.param) };
      code = await policyImpact(name, file, options, service(), surroundings);
    });
  policy
    .command('test')
    .description('run cases about policies, without a service')
    .argument('<path...>', 'files of cases, or directories that hold *.test.yaml')
    .option('--junit <file>', 'write JUnit XML there')
    .option('--json', 'the outcomes as JSON', false)
    .action(async (paths: string[], { junit, json }: { junit?: string; json: boolean }) => {
      const options = [...(junit === undefined ? [] : [`--junit=${junit}`]), ...(json ? ['--json'] : [])];
      code = await start('policy-test', [...options, '--', ...paths]);
    });
  policy
    .command('explain')
    .description('say in words what a policy asks for, without a service')
    .argument('<file>', 'YAML, or JSON where it ends in .json')
    .action(async (file: string) => {
      code = await start('policy-explain', ['--', file]);
    });

  program
    .command('attestor')
    .description('say whose signatures count')
    .command('put')
    .description('register an attestor, or change it')
    .argument('<name>')
    .argument('<file>', 'JSON: keys, identities, and the kinds of evidence they may sign')
    .action(async (name: string, file: string) => {
      code = await putAttestor(name, file, service(), surroundings);
    });

  program
    .command('trust-root')
    .description('say whose certificates, logs and timestamps to believe')
    .command('put')
    .description('register a trust root, or replace it')
    .argument('<name>')
    .argument('<file>', 'JSON: a Sigstore TrustedRoot, or certificate authorities as PEM')
    .action(async (name: string, file: string) => {
      code = await putTrustRoot(name, file, service(), surroundings);
    });

  program
    .command('audit')
    .description('hold what is stored against the sealed log')
    .command('verify')
    .description(
      'read the database of DATABASE_URL or ASSAY_DATA_DIR, or with --url what a service answers an auditor, or an archive, ' +
        'changing nothing, and say of every invariant whether it holds',
    )
    .option(
      '--archive <file...>',
      'read an archive of GET /v1/export, in one file or several that go on; - is standard input',
    )
    .option('--key <vkey...>', 'the key of the log, as /.well-known/assay/log.vkey has it, obtained another way')
    .option('--without-key', 'pin no key, and take whatever key is shown: proves nothing about whose log it is', false)
    .option('--checkpoint <file...>', 'a checkpoint kept before, from which the log must go on')
    .option('--save <file>', 'keep the newest checkpoint there, if everything holds')
    .option('--sample <share>', 'with --url: fetch this share of the envelopes, such as 0.1, chosen at random')
    .option('--json', 'the findings as JSON', false)
    .action(async ({ archive = [], key = [], withoutKey, checkpoint = [], save, sample, json }: AuditFlags) => {
      const { url } = program.opts<{ url?: string }>();
      code = await start('audit-verify', [
        ...(url === undefined ? [] : [`--url=${url}`]),
        ...(sample === undefined ? [] : [`--sample=${sample}`]),
        ...archive.map((file) => `--archive=${file}`),
        ...key.map((vkey) => `--key=${vkey}`),
        ...(withoutKey ? ['--without-key'] : []),
        ...checkpoint.map((file) => `--checkpoint=${file}`),
        ...(save === undefined ? [] : [`--save=${save}`]),
        ...(json ? ['--json'] : []),
      ]);
    });

  program
    .command('history')
    .description('what the service did, in order')
    .option('--digest <digest>', 'about one image')
    .option('--type <type>', 'of one type, such as verdict.recorded')
    .option('--since <time>', 'made at or after this moment, such as 2026-01-31T00:00:00Z')
    .option('--limit <number>', 'at most so many entries', wholeNumber, 50)
    .addOption(
      new Option('--follow', 'go on as entries come, from --since or from this moment on')
        .default(false)
        .conflicts('limit'),
    )
    .option('--json', 'one JSON object a line', false)
    .action(async (flags: HistoryFlags) => {
      const { digest = null, type = null, since = null } = flags;
      const options = { ...flags, digest, type, since };
      code = await history(options, service(), surroundings);
    });

  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    // It has said what was wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.yes : EXIT.unknown;
    throw error;
  }
  return code;
}

interface VerdictFlags {
  policy: string;
  param: readonly string[];
  record: boolean;
  context: readonly string[];
  wait: number;
  explain: boolean;
  json: boolean;
}

interface AuditFlags {
  readonly archive?: readonly string[];
  readonly key?: readonly string[];
  readonly withoutKey: boolean;
  readonly checkpoint?: readonly string[];
  readonly save?: string;
  readonly sample?: string;
  readonly json: boolean;
}

interface ImpactFlags {
  param: readonly string[];
  repository?: string;
  json: boolean;
}

interface HistoryFlags {
  digest?: string;
  type?: string;
  since?: string;
  limit: number;
  follow: boolean;
  json: boolean;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
