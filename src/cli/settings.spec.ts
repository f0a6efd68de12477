import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure } from './failure.js';
import { readSettings } from './settings.js';

const directory = mkdtempSync(join(tmpdir(), 'assay-settings-'));
const tokenFile = join(directory, 'token');
writeFileSync(tokenFile, 'from-the-file\n');
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const token = { ASSAY_TOKEN: 'secret-word' };

describe('readSettings', () => {
  it('asks the service on this machine where nothing is said', () => {
    expect(readSettings(token, undefined).url).toBe('http://127.0.0.1:8080');
  });

  it('keeps a path before the routes, and drops the slash behind it', () => {
    const env = { ...token, ASSAY_URL: 'https://gateway.example/assay/' };
    expect(readSettings(env, undefined).url).toBe('https://gateway.example/assay');
  });

  it('prefers the address of the command line', () => {
    const env = { ...token, ASSAY_URL: 'https://one.example' };
    expect(readSettings(env, 'https://two.example').url).toBe('https://two.example');
  });

  it.each(['ftp://a.example', 'assay.example', 'https://user:word@a.example', 'https://a.example/?x=1'])(
    'refuses the address %s',
    (url) => {
      expect(() => readSettings(token, url)).toThrow(Failure);
    },
  );

  it('reads the token from a file, without the line break that editors add', () => {
    expect(readSettings({ ASSAY_TOKEN_FILE: tokenFile }, undefined).token).toBe('from-the-file');
  });

  it('takes an empty variable for a secret the pipeline has not, and says what to set', () => {
    expect(() => readSettings({ ASSAY_TOKEN: '' }, undefined)).toThrow('no token to ask with');
  });

  it('does not choose between two tokens', () => {
    expect(() => readSettings({ ...token, ASSAY_TOKEN_FILE: tokenFile }, undefined)).toThrow('both set');
  });

  it('never shows the token it refuses', () => {
    expect(() => readSettings({ ASSAY_TOKEN: 'two words' }, undefined)).toThrow(
      /^ASSAY_TOKEN holds spaces or characters that no token has$/,
    );
  });

  it('names the variable whose file cannot be read', () => {
    expect(() => readSettings({ ASSAY_TOKEN_FILE: join(directory, 'absent') }, undefined)).toThrow(
      'ASSAY_TOKEN_FILE cannot be read',
    );
  });
});
