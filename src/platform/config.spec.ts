import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.js';

const TOKEN = 'a-token-of-at-least-32-characters';

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('runs with nothing set, on a database of its own', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      role: 'all',
      database: null,
      redisUrl: null,
      adminToken: null,
      maxBodyBytes: 64 * 1024 * 1024,
      logLevel: 'info',
    });
    expect(isAbsolute(config.dataDir)).toBe(true);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reports every fault at once', () => {
    const faults = faultsOf({
      PORT: '70000',
      ASSAY_ROLE: 'boss',
      REDIS_URL: 'http://x',
      ASSAY_MAX_BODY_BYTES: '1e6',
      ASSAY_MAX_BODY_BYTE: '1',
      LOG_LEVEL: 'loud',
    });
    expect(faults).toHaveLength(6);
    for (const name of ['PORT', 'ASSAY_ROLE', 'REDIS_URL', 'ASSAY_MAX_BODY_BYTES', 'ASSAY_MAX_BODY_BYTE ', 'LOG_LEVEL'])
      expect(faults.join('\n')).toContain(name);
  });

  it('refuses to start on its own database when DATABASE_URL came out empty', () => {
    expect(faultsOf({ DATABASE_URL: '', ASSAY_ADMIN_TOKEN: TOKEN })).toEqual([
      expect.stringContaining('DATABASE_URL is set but empty'),
    ]);
  });

  it('requires an admin token where DATABASE_URL is set and the API is served', () => {
    expect(faultsOf({ DATABASE_URL: 'postgres://db/assay' })).toEqual([expect.stringContaining('ASSAY_ADMIN_TOKEN')]);
    expect(faultsOf({ DATABASE_URL: 'postgres://db/assay', ASSAY_ROLE: 'worker' })).toEqual([]);
    expect(readConfig({ DATABASE_URL: 'postgres://db/assay' }, { purpose: 'migrate' }).adminToken).toBeNull();
    const config = readConfig({ DATABASE_URL: 'postgres://db/assay', ASSAY_ADMIN_TOKEN: TOKEN });
    expect(config.database).toEqual({ url: 'postgres://db/assay', migrateUrl: 'postgres://db/assay' });
  });

  it('reads the admin token from its file and never echoes it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'assay-config-'));
    try {
      const file = join(directory, 'token');
      writeFileSync(file, `${TOKEN}\n`);
      expect(readConfig({ ASSAY_ADMIN_TOKEN_FILE: file }).adminToken).toBe(TOKEN);
      writeFileSync(file, 'short-secret');
      const faults = faultsOf({ ASSAY_ADMIN_TOKEN_FILE: file });
      expect(faults).toHaveLength(1);
      expect(faults[0]).not.toContain('short-secret');
      expect(faultsOf({ ASSAY_ADMIN_TOKEN_FILE: join(directory, 'absent') })).toHaveLength(1);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('refuses a token that no client could send, and two tokens at once', () => {
    expect(faultsOf({ ASSAY_ADMIN_TOKEN: `${TOKEN} with blanks` })).toHaveLength(1);
    expect(faultsOf({ ASSAY_ADMIN_TOKEN: TOKEN, ASSAY_ADMIN_TOKEN_FILE: '/dev/null' })).toHaveLength(1);
  });

  it('refuses roles that would share an embedded database', () => {
    expect(faultsOf({ ASSAY_ROLE: 'api' })).toEqual([expect.stringContaining('DATABASE_URL')]);
  });

  it('never repeats the credentials of a URL', () => {
    const faults = faultsOf({ DATABASE_URL: 'mysql://me:hunter2@db/x', ASSAY_ADMIN_TOKEN: TOKEN });
    expect(faults).toHaveLength(1);
    expect(faults.join()).not.toContain('hunter2');
  });
});
