import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.js';
import { signingKeyFile } from './signing-key-file.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'assay-signing-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function kept(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function privatePem({ privateKey }: { readonly privateKey: KeyObject }): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function publicPem({ publicKey }: { readonly publicKey: KeyObject }): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the signing key of the configuration', () => {
  it('is none by default', () => {
    expect(readConfig({}).signing).toEqual({ signer: null, retired: [] });
  });

  it.each([
    ['P-256', p256],
    ['Ed25519', ed25519],
  ])('is taken where it is %s', (name, pair) => {
    const { signing } = readConfig({ ASSAY_SIGNING_KEY_FILE: kept(`${name}.pem`, privatePem(pair)) });
    expect(signing.signer?.type).toBe('key');
  });

  it.each([
    ['nothing', ''],
    ['no PEM', 'secret-words'],
    ['a public key', publicPem(p256)],
    ['a key on another curve', privatePem(generateKeyPairSync('ec', { namedCurve: 'P-384' }))],
    ['an RSA key', privatePem(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
    ['an encrypted key', encrypted()],
  ])('is refused where the file holds %s, which is not shown', (_what, text) => {
    const faults = faultsOf({ ASSAY_SIGNING_KEY_FILE: kept('key.pem', text) });
    expect(faults).toEqual([
      expect.stringContaining('ASSAY_SIGNING_KEY_FILE must name a P-256 or Ed25519 private key'),
    ]);
    expect(faults.join()).not.toContain('secret-words');
  });

  it('is refused where the file is not there', () => {
    expect(faultsOf({ ASSAY_SIGNING_KEY_FILE: join(directory, 'absent') })).toEqual([
      expect.stringContaining('ASSAY_SIGNING_KEY_FILE cannot be read'),
    ]);
  });

  it('is no affair of a process that gives no verdicts', () => {
    const env = { DATABASE_URL: 'postgres://db/assay', ASSAY_SIGNING_KEY_FILE: join(directory, 'absent') };
    expect(readConfig({ ...env, ASSAY_ROLE: 'worker' }).signing.signer).toBeNull();
  });
});

function encrypted(): string {
  return p256.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
}

describe('the signing command of the configuration', () => {
  it('comes with its public key, and is not shown what opens the service', () => {
    const { signing } = readConfig({
      ASSAY_SIGNING_COMMAND: '/usr/bin/sign  --key k1',
      ASSAY_SIGNING_PUBLIC_KEY_FILE: kept('public.pem', publicPem(p256)),
      AWS_REGION: 'eu-west-1',
    });
    expect(signing.signer).toMatchObject({
      type: 'command',
      words: ['/usr/bin/sign', '--key', 'k1'],
      env: { AWS_REGION: 'eu-west-1' },
    });
    expect(Object.keys(signing.signer?.type === 'command' ? signing.signer.env : {})).toEqual(['AWS_REGION']);
  });

  it('is refused without its public key, and beside a key', () => {
    expect(faultsOf({ ASSAY_SIGNING_COMMAND: 'sign' })).toHaveLength(1);
    expect(faultsOf({ ASSAY_SIGNING_PUBLIC_KEY_FILE: kept('public.pem', publicPem(p256)) })).toHaveLength(1);
    const both = {
      ASSAY_SIGNING_KEY_FILE: kept('key.pem', privatePem(p256)),
      ASSAY_SIGNING_COMMAND: 'sign',
      ASSAY_SIGNING_PUBLIC_KEY_FILE: kept('public.pem', publicPem(p256)),
    };
    expect(faultsOf(both)).toEqual([expect.stringContaining('exclude each other')]);
  });
});

describe('retired keys of the configuration', () => {
  it('are read from every file named', () => {
    const files = [kept('a.pem', publicPem(p256)), kept('b.pem', publicPem(ed25519))];
    expect(readConfig({ ASSAY_SIGNING_RETIRED_KEY_FILES: files.join(', ') }).signing.retired).toHaveLength(2);
  });

  it('are refused where one is private', () => {
    expect(faultsOf({ ASSAY_SIGNING_RETIRED_KEY_FILES: kept('private.pem', privatePem(p256)) })).toEqual([
      expect.stringContaining('holds a private key'),
    ]);
  });
});

describe('signingKeyFile', () => {
  it('makes a key that only its owner may read, once', () => {
    const dataDir = join(directory, 'data');
    const key = signingKeyFile(dataDir);
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(statSync(join(dataDir, 'signing-key.pem')).mode & 0o777).toBe(0o600);
    expect(signingKeyFile(dataDir).equals(key)).toBe(true);
  });
});
