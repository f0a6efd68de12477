import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importPublicKey } from '../intoto/public-key.js';
import { commandSigner } from './signing-command.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const imported = importPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString());
const MESSAGE = Buffer.from('DSSEv1 1 a 1 b');

let directory: string;
let key: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'assay-command-'));
  key = join(directory, 'key.pem');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const SIGN = `const { readFileSync } = require('node:fs');
const { sign } = require('node:crypto');
console.log(sign('sha256', readFileSync(0), readFileSync(process.argv[1])).toString('base64'));`;

function signerBy(script: string, words: readonly string[] = [], timeoutMs = 10_000): ReturnType<typeof commandSigner> {
  return commandSigner({ words: [process.execPath, '-e', script, ...words], env: {}, publicKey: imported, timeoutMs });
}

describe('commandSigner', () => {
  it('answers the signature of the program', async () => {
    expect((await signerBy(SIGN, [key])(MESSAGE)).subarray(0, 1)).toEqual(Buffer.from([0x30]));
  });

  it('hands words over as they stand, without a shell', async () => {
    const echo = 'process.exit(process.argv[1] === "$(id); a b" ? 3 : 0)';
    await expect(signerBy(echo, ['$(id); a b'])(MESSAGE)).rejects.toMatchObject({ cause: { code: 3 } });
  });

  it.each([
    ['fails', 'process.exit(1)'],
    ['says nothing', ''],
    ['says no base64', 'console.log("no signature")'],
    ['signs something else', SIGN.replace('readFileSync(0)', '"else"')],
    ['says too much', 'console.log("A".repeat(1e6))'],
  ])('refuses where the program %s', async (_what, script) => {
    await expect(signerBy(script, [key])(MESSAGE)).rejects.toMatchObject({
      kind: 'overloaded',
      code: 'signing_unavailable',
    });
  });

  it('ends a program that takes too long', async () => {
    await expect(signerBy('setTimeout(() => {}, 60_000)', [], 200)(MESSAGE)).rejects.toMatchObject({
      code: 'signing_unavailable',
    });
  });

  it('refuses where there is no such program', async () => {
    const sign = commandSigner({ words: [join(directory, 'absent')], env: {}, publicKey: imported });
    await expect(sign(MESSAGE)).rejects.toMatchObject({ code: 'signing_unavailable' });
  });
});
