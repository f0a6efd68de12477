import { migrations } from '../migrations/index.js';
import { ConfigError, readConfig } from './platform/config.js';
import { createLogger } from './platform/logger.js';
import { migrate } from './platform/migrate.js';
import { provideDatabase } from './service.js';

/** Brings the schema up to date and ends: the step before the processes of a new release are started. */
try {
  const config = readConfig(undefined, { purpose: 'migrate' });
  const logger = createLogger(config.logLevel);
  const opened: (() => Promise<void>)[] = [];
  try {
    const { url, migrateUrl } = await provideDatabase(config, logger, opened);
    await migrate({
      url: migrateUrl,
      serviceUrl: url,
      migrations,
      queueInDatabase: config.redisUrl === null,
      log: (message) => {
        logger.info(message);
      },
    });
    logger.info('the database is up to date');
  } finally {
    for (const close of opened.reverse()) await close();
  }
} catch (error) {
  const text = error instanceof ConfigError ? error.message : `the database was not migrated: ${String(error)}`;
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
