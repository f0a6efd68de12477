import { migrations } from '../migrations/index.js';
import { ConfigError, readConfig } from './platform/config.js';
import { createLogger } from './platform/logger.js';
import { migrate } from './platform/migrate.js';

/**
 * Brings the schema up to date and ends: what a deployment runs once, as the owner of the database, before the processes
 * of a release start with less than the owner's rights. Safe to repeat. Ends with status 1 where it did not succeed.
 */
try {
  const config = readConfig(undefined, { purpose: 'migrate' });
  if (config.database === null)
    throw new ConfigError(['DATABASE_URL is required: there is no other schema to migrate']);
  const logger = createLogger(config.logLevel);
  await migrate({
    url: config.database.migrateUrl,
    serviceUrl: config.database.url,
    migrations,
    queueInDatabase: config.redisUrl === null,
    log: (message) => {
      logger.info(message);
    },
  });
  logger.info('the schema is up to date');
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`The schema was not migrated: ${error instanceof Error ? error.message : String(error)}\n`);
}
