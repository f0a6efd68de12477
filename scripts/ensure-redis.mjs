// Tests of the Redis backend need a redis-server. Where there is none, root on Debian gets it from the package that holds the
// program without starting a service; anybody else is told how to.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const PACKAGE = 'redis-tools';
const PROGRAMS = ['redis-server', 'redis-check-rdb'];

function has(program) {
  return `${process.env.PATH}${delimiter}/usr/bin`.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function apt(...words) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', words, { env, stdio: 'ignore', timeout: 180_000 }).status === 0;
}

export function ensureRedis() {
  if (PROGRAMS.some(has)) return;
  const install = ['install', '-y', '--no-install-recommends', PACKAGE];
  if (process.getuid?.() === 0 && has('apt-get')) {
    process.stdout.write(`no redis-server; installing ${PACKAGE}\n`);
    if (apt(...install) || (apt('update') && apt(...install))) return;
  }
  process.stdout.write(
    `no redis-server was found, so the tests that need Redis do not run; apt-get ${install.join(' ')} brings it\n`,
  );
}
