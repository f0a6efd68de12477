import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.js';

/** A process that holds an embedded database until it is killed; prints the URL of its owner. */
const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error('usage: embedded-owner DATA_DIR');
const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
console.log(postgres.ownerUrl);
setInterval(() => undefined, 1_000);
