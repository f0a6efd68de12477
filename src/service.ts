import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { NestApplicationContextOptions } from '@nestjs/common/interfaces/nest-application-context-options.interface.js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { migrations } from '../migrations/index.js';
import { createApiApplication } from './api.module.js';
import { entities } from './data-source.js';
import { adminTokenFile } from './platform/admin-token-file.js';
import type { Config } from './platform/config.js';
import { openDatabase } from './platform/database.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres.js';
import { createHttpApplication } from './platform/http-application.js';
import { NestLogger, type Logger } from './platform/logger.js';
import { Degradations } from './platform/degradations.js';
import { Metrics } from './platform/metrics.js';
import { migrate } from './platform/migrate.js';
import { PlatformModule, type PlatformParts } from './platform/platform.module.js';
import { openQueues } from './platform/queue.js';
import { WorkerModule } from './worker.module.js';

export interface Service {
  /** Where it listens. */
  readonly url: string;
  /** Where the admin token is kept that was made because none was configured; null where one was. */
  readonly adminTokenPath: string | null;
  /** Resolves when something ends without which the service cannot go on. */
  readonly failed: Promise<Error>;
  /** Takes no more requests, finishes those under way, then the jobs being handled, then closes everything. */
  stop(): Promise<void>;
}

type Closing = () => Promise<void>;

const POOL_SIZE = 10;

/**
 * Starts this process' part of the service: database, schema, queues, what goes on by itself, and last what listens. Stopping
 * goes the other way; so does a start of which a later step fails, before it throws.
 */
export async function startService(config: Config, logger: Logger): Promise<Service> {
  const opened: Closing[] = [];
  const stop = (): Promise<void> => closeAll(opened);
  try {
    const { url, migrateUrl, failed } = await provideDatabase(config, logger, opened);
    await migrate({
      url: migrateUrl,
      serviceUrl: url,
      migrations,
      queueInDatabase: config.redisUrl === null,
      log: (message) => {
        logger.info(message);
      },
    });
    const parts = await openParts(config, url, logger, opened);
    if (config.role !== 'api') await startBackground(parts, opened);
    const token = adminToken(config);
    const app = await createApplication(parts, token.value);
    opened.push(() => app.close());
    await app.listen(config.port, config.host);
    return { url: urlOf(app, config.host), adminTokenPath: token.path, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Closes the last opened first, and all of them whatever fails. Throws what failed. */
async function closeAll(opened: Closing[]): Promise<void> {
  const failures: unknown[] = [];
  for (let close = opened.pop(); close !== undefined; close = opened.pop()) {
    await close().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything closed as it should');
}

interface ProvidedDatabase {
  readonly url: string;
  readonly migrateUrl: string;
  readonly failed: Promise<Error>;
}

/** The database of the configuration, or one of our own. */
export async function provideDatabase(
  { database, dataDir }: Config,
  logger: Logger,
  opened: Closing[],
): Promise<ProvidedDatabase> {
  if (database !== null) return { ...database, failed: new Promise(() => undefined) };
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: (message) => {
      logger.info(message);
    },
  });
  opened.push(() => postgres.stop());
  return { url: postgres.serviceUrl, migrateUrl: postgres.ownerUrl, failed: postgres.died };
}

async function openParts(config: Config, url: string, logger: Logger, opened: Closing[]): Promise<PlatformParts> {
  const database = await openDatabase({
    url,
    entities,
    applicationName: `assay-${config.role}`,
    poolSize: POOL_SIZE,
  });
  opened.push(() => database.close());
  const queues = await openQueues({
    redisUrl: config.redisUrl,
    databaseUrl: url,
    onError: (error) => {
      logger.warn({ err: error }, 'queue');
    },
  });
  opened.push(() => queues.close());
  return { config, database, queues, logger, metrics: new Metrics(), degradations: new Degradations() };
}

async function startBackground(parts: PlatformParts, opened: Closing[]): Promise<void> {
  const options = Object.assign(new NestApplicationContextOptions(), {
    logger: new NestLogger(parts.logger),
    abortOnError: false,
  });
  const context = await NestFactory.createApplicationContext(WorkerModule.of(parts), options);
  opened.push(() => context.close());
}

async function createApplication(parts: PlatformParts, token: string | null): Promise<NestFastifyApplication> {
  // A worker answers how it is, and nothing else.
  if (parts.config.role === 'worker') return createHttpApplication(PlatformModule.of(parts), parts);
  return (await createApiApplication(parts, token)).app;
}

function adminToken({ adminToken: configured, database, dataDir }: Config): {
  readonly value: string | null;
  readonly path: string | null;
} {
  if (configured !== null || database !== null) return { value: configured, path: null };
  const { token, path } = adminTokenFile(dataDir);
  return { value: token, path };
}

function urlOf(app: NestFastifyApplication, host: string): string {
  const { port } = app.getHttpServer().address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
