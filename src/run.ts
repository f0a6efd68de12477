import { ConfigError, readConfig, type Config } from './platform/config.js';
import { createLogger } from './platform/logger.js';
import { startService, type Service } from './service.js';

/** A terminal's Ctrl-C reaches this process twice when npm passes it on as well. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Runs the service until a signal or a failure. Resolves when it is up or could not start; the process then ends by itself
 * once everything is closed, with status 0 after a signal and 1 after a failure.
 */
export async function run(): Promise<void> {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  const logger = createLogger(config.logLevel);
  let signalledAt = -Infinity;
  let interrupted = (): void => undefined;
  const signalled = new Promise<void>((resolve) => (interrupted = resolve));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const at = performance.now();
      if (signalledAt > -Infinity && at - signalledAt > SAME_SIGNAL_MS) process.exit(1);
      if (signalledAt === -Infinity) signalledAt = at;
      interrupted();
    });
  }
  let service: Service;
  try {
    service = await startService(config, logger);
  } catch (error) {
    logger.fatal({ err: error }, 'the service did not start');
    process.stderr.write(`Assay did not start: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  logger.info({ url: service.url, role: config.role }, 'listening');
  process.stderr.write(welcome(config, service));
  void Promise.race([signalled, service.failed]).then(async (failure) => {
    if (failure !== undefined) {
      logger.fatal({ err: failure }, 'the service cannot go on');
      process.exitCode = 1;
    }
    logger.info('stopping');
    try {
      await service.stop();
      logger.info('stopped');
    } catch (error) {
      logger.error({ err: error }, 'stopped, though not as it should');
      process.exitCode = 1;
    }
  });
}

function welcome({ role, database, redisUrl }: Config, { url, adminTokenPath }: Service): string {
  if (role === 'worker') return `Assay's workers run; ${url}/readyz says how they are.\n`;
  const token = adminTokenPath === null ? '$ASSAY_ADMIN_TOKEN' : `$(cat ${adminTokenPath})`;
  return [
    `Assay listens on ${url}`,
    `  database     ${database === null ? 'its own PostgreSQL, in the data directory' : 'as configured'}`,
    `  queue        ${redisUrl === null ? 'in the database' : 'Redis'}`,
    ...(adminTokenPath === null ? [] : [`  admin token  ${adminTokenPath}`]),
    `  API          ${url}/docs`,
    'To try it:',
    `  curl ${url}/readyz`,
    `  curl -H "authorization: Bearer ${token}" ${url}/v1/policies`,
    `  curl -H "authorization: Bearer ${token}" "${url}/v1/history?limit=5"`,
    '',
  ].join('\n');
}
