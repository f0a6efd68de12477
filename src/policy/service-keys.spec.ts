import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_SIGNING } from '../platform/signing-settings.js';
import { serviceKeys } from './service-keys.js';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'assay-keys-'));
});
afterAll(() => {
  rmSync(dataDir, { recursive: true });
});

const database = { url: 'postgres://db/assay', migrateUrl: 'postgres://db/assay' };
const { privateKey } = generateKeyPairSync('ed25519');

describe('serviceKeys', () => {
  it('makes a key where the service has a database of its own, and keeps it', () => {
    const [first, second] = [1, 2].map(() => serviceKeys({ signing: NO_SIGNING, database: null, dataDir }));
    expect(first?.signer?.thumbprint).toMatch(/^sha256:/);
    expect(second?.signer?.thumbprint).toBe(first?.signer?.thumbprint);
    expect([...(first?.thumbprints ?? [])]).toEqual([first?.signer?.thumbprint]);
  });

  it('has none where several processes would each make their own', () => {
    const keys = serviceKeys({ signing: NO_SIGNING, database, dataDir });
    expect(keys).toEqual({ signer: null, listed: [], thumbprints: new Set() });
  });

  it('lists the signing key first and each key once, and takes all of them for its own', () => {
    const retired = [createPublicKey(privateKey), generateKeyPairSync('ed25519').publicKey];
    const keys = serviceKeys({ signing: { signer: { type: 'key', privateKey }, retired }, database, dataDir });
    expect(keys.listed.map((key) => key.retired)).toEqual([false, true]);
    expect(keys.thumbprints.size).toBe(2);
    expect(keys.thumbprints.has(keys.listed[1]!.publicKey.thumbprint)).toBe(true);
  });

  it('takes retired keys for its own also where nothing signs', () => {
    const retired = [createPublicKey(privateKey)];
    expect(serviceKeys({ signing: { signer: null, retired }, database, dataDir }).thumbprints.size).toBe(1);
  });
});
