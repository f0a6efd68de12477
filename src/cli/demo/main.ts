import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { EXIT, type ExitCode } from '../exit-code.js';
import { paintFor } from '../paint.js';
import { connect } from '../service.js';
import { readSettings, readUrl, type Settings } from '../settings.js';
import { endWith, thisProcess } from '../this-process.js';
import { actsFor } from './acts.js';
import { makeCast } from './cast.js';
import { narrate } from './narration.js';
import { answers, launchOwnService } from './own-service.js';
import { perform } from './perform.js';
import type { DemoImage } from './statements.js';

const DEFAULT_TOKEN_FILE = '.assay/admin-token';

const { env, print } = thisProcess;

await endWith(async () => {
  const url = readUrl(env, undefined);
  if (await answers(url)) {
    return demo(readSettings(withTokenOfDefaults(env), undefined), `service  ${url}`);
  }
  print(`nothing answers at ${url}; starting a service for this demo`);
  const own = await launchOwnService(env);
  const leave = (): void => {
    void own.stop().finally(() => process.exit(EXIT.unknown));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, leave);
  // Whoever read the story has left: a service that nobody asked for does not stay behind.
  process.stdout.removeAllListeners('error').on('error', leave);
  try {
    await own.ready();
    return await demo(own, `service  ${own.url}, with a database of its own, both gone afterwards`);
  } finally {
    await own.stop();
  }
});

/** Plays the whole of it against the service. A yes says that every answer was the expected one. */
async function demo(settings: Settings, where: string): Promise<ExitCode> {
  const paint = paintFor(process.stdout);
  const image: DemoImage = {
    repository: 'registry.acme.example/shop/checkout',
    sha256: randomBytes(32).toString('hex'),
    commit: randomBytes(20).toString('hex'),
  };
  print(where);
  print(`image    ${image.repository}@sha256:${image.sha256}`);
  print(paint('quiet', 'AUTH="authorization: Bearer $ASSAY_TOKEN" in the commands below'));
  const cast = makeCast(randomBytes(3).toString('hex'));
  const narration = narrate(print, paint);
  const service = connect(settings, thisProcess);
  const unexpected = await perform(image, cast, actsFor(image, cast), service, narration);
  print('');
  if (unexpected.length > 0) {
    unexpected.forEach(print);
    return EXIT.no;
  }
  print('Every answer was the expected one. Where to look next:');
  print('  README.md             the same by hand, against a service that stays');
  print('  docs/policy.md        how policies are written and evidence is weighed');
  print('  docs/trust.md         whose signatures count, and what revoking one does');
  print('  docs/predicates.md    what is read from which evidence');
  print(`  GET /v1/history?digest=sha256:${image.sha256.slice(0, 8)}…   what the service did about this image`);
  return EXIT.yes;
}

/** A service on its defaults was most likely started in this directory, and so left its token here. */
function withTokenOfDefaults(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = [given.ASSAY_TOKEN, given.ASSAY_TOKEN_FILE].some((value) => value !== undefined && value !== '');
  return named || !existsSync(DEFAULT_TOKEN_FILE) ? given : { ...given, ASSAY_TOKEN_FILE: DEFAULT_TOKEN_FILE };
}
