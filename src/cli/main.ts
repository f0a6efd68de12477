import { readFileSync } from 'node:fs';
import { paintFor } from './paint.js';
import { run } from './program.js';
import { endWith, thisProcess } from './this-process.js';

await endWith(() => run(process.argv.slice(2), thisProcess, paintFor(process.stdout), versionOf()));

function versionOf(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}
