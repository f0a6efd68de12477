import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { createApiApplication } from './api.module.js';
import { ERROR_CODES } from './error-codes.js';
import { describeApi } from './platform/api-description.js';
import { readConfig } from './platform/config.js';
import { Database } from './platform/database.js';
import { createLogger } from './platform/logger.js';
import { Degradations } from './platform/degradations.js';
import { Metrics } from './platform/metrics.js';
import { toYaml } from './platform/openapi.js';
import { openQueues } from './platform/queue.js';

/**
 * Writes the API's description to openapi.yaml, or with `--check` ends with status 1 where the file is not what the code says.
 * The application is made of its real parts, none of which connects to anything before it is used.
 */
const file = 'openapi.yaml';
const nowhere = 'postgres://nobody@127.0.0.1:1/none';
const database = new Database(new DataSource({ type: 'postgres', driver: pg }), new pg.Pool(), new pg.Pool());
const queues = await openQueues({ redisUrl: null, databaseUrl: nowhere, onError: () => undefined });
const parts = {
  config: readConfig({}),
  database,
  queues,
  logger: createLogger('warn'),
  metrics: new Metrics(),
  degradations: new Degradations(),
};
const { app, operations } = await createApiApplication(parts, null);
const text = toYaml(describeApi(app, operations, ERROR_CODES));
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  process.stderr.write(`${file} is not what the code says; run \`npm run openapi\` and commit it\n`);
  process.exitCode = 1;
}
// Parts that were never started may still hold the process.
process.exit();
