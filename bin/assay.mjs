#!/usr/bin/env node
// Starts the built command, under the Node of this clone where the one at hand is too old for it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 24;
/** Node itself would end with 1 on a fault, which says no here. */
const COULD_NOT_FIND_OUT = 2;

const main = new URL('../dist/src/cli/main.js', import.meta.url);
const ownNode = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (!existsSync(main)) {
  console.error('assay: not built yet; run `npm run build` first');
  process.exitCode = COULD_NOT_FIND_OUT;
} else if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) {
  try {
    await import(main.href);
  } catch (error) {
    console.error(error);
    process.exitCode = COULD_NOT_FIND_OUT;
  }
} else if (existsSync(ownNode)) {
  const words = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const { status, error } = spawnSync(ownNode, words, { stdio: 'inherit' });
  if (error !== undefined) console.error(`assay: ${ownNode} cannot be started: ${error.message}`);
  process.exitCode = status ?? COULD_NOT_FIND_OUT;
} else {
  console.error(`assay: needs Node ${OLDEST_NODE} or newer; this is ${process.version}, and \`npm ci\` brought none`);
  process.exitCode = COULD_NOT_FIND_OUT;
}
