import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.js';
import { logKeyFile } from './log-key-file.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'assay-log-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function kept(name: string, { privateKey }: { readonly privateKey: KeyObject }): string {
  const path = join(directory, name);
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return path;
}

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';

describe('the settings of the log', () => {
  it('name no key and no origin where nothing is said', () => {
    expect(readConfig({}).log).toEqual({
      privateKey: null,
      origin: null,
      defaultOrigin: 'assay.localhost/log',
      witnesses: [],
      retired: [],
    });
  });

  it('take the name of a log from where the service is reached', () => {
    const { log } = readConfig({ ASSAY_PUBLIC_URL: 'https://assay.example.com:8443/team/' });
    expect(log).toMatchObject({ origin: null, defaultOrigin: 'assay.example.com:8443/team/log' });
  });

  it('name a key, an origin, witnesses and retired keys', () => {
    const pair = generateKeyPairSync('ed25519');
    const { log } = readConfig({
      ASSAY_LOG_KEY_FILE: kept('key.pem', pair),
      ASSAY_LOG_ORIGIN: 'log.example.com/a',
      ASSAY_LOG_WITNESSES: `${VKEY}, ${VKEY}`,
      ASSAY_LOG_RETIRED_VKEYS: VKEY,
    });
    expect(log.privateKey?.equals(pair.privateKey)).toBe(true);
    expect(log).toMatchObject({ origin: 'log.example.com/a', witnesses: [VKEY, VKEY], retired: [VKEY] });
  });

  it.each([
    ['a URL with its scheme', { ASSAY_LOG_ORIGIN: 'https://log.example.com' }],
    ['an origin with a plus sign', { ASSAY_LOG_ORIGIN: 'log.example.com/a+b' }],
    ['an origin with white space', { ASSAY_LOG_ORIGIN: 'log.example.com/a b' }],
    ['an origin with a newline', { ASSAY_LOG_ORIGIN: 'log.example.com/a\nb' }],
    ['an empty origin', { ASSAY_LOG_ORIGIN: '' }],
    ['a witness that is no vkey', { ASSAY_LOG_WITNESSES: 'somebody' }],
    ['a retired key that is no vkey', { ASSAY_LOG_RETIRED_VKEYS: `${VKEY},` }],
    ['a key file that is not there', { ASSAY_LOG_KEY_FILE: '/nowhere/key.pem' }],
  ])('are refused with %s', (_what, env) => {
    expect(faultsOf(env)).toHaveLength(1);
    expect(faultsOf(env)[0]).toContain(Object.keys(env)[0]);
  });

  it('refuse a key of another type', () => {
    const file = kept('p256.pem', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    expect(faultsOf({ ASSAY_LOG_KEY_FILE: file })[0]).toContain('must name an Ed25519 private key');
  });

  it('leave the key to those who seal', () => {
    const env = {
      DATABASE_URL: 'postgres://db/assay',
      ASSAY_ADMIN_TOKEN: 'x'.repeat(40),
      ASSAY_LOG_KEY_FILE: '/nowhere',
    };
    expect(faultsOf({ ...env, ASSAY_ROLE: 'worker' })).toHaveLength(1);
    expect(readConfig({ ...env, ASSAY_ROLE: 'api' }).log.privateKey).toBeNull();
  });
});

describe('logKeyFile', () => {
  it('makes an Ed25519 key that only its owner can read, and keeps it', () => {
    const first = logKeyFile(directory);
    expect(first.asymmetricKeyType).toBe('ed25519');
    expect(statSync(join(directory, 'log-key.pem')).mode & 0o777).toBe(0o600);
    expect(logKeyFile(directory).equals(first)).toBe(true);
  });

  it('says what to do where it can keep none', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(() => logKeyFile(join(directory, 'file'))).toThrow('ASSAY_LOG_KEY_FILE');
  });
});
