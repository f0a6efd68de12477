import { describe, expect, it } from 'vitest';
import { SIGNATURE_SCHEMES } from '../intoto/signature-scheme.js';
import { keyCause } from '../trust/gain-causes.js';
import { judgeWaiting, type RecordedWaiting } from './awaited-gains.js';

const READER = 2;
const SIGNED: RecordedWaiting = { gains: [], readerRevision: READER, signers: [{ thumbprint: 't' }], proved: 1 };
const STRANGER: RecordedWaiting = { ...SIGNED, signers: [], proved: 0 };
const EVERY_SCHEME = SIGNATURE_SCHEMES.map(keyCause);

describe('what an examination waits for', () => {
  it('is the same in whatever order it was recorded', () => {
    expect(judgeWaiting({ ...STRANGER, gains: ['root', 'key:EdDSA'] }, ['key:EdDSA', 'root'], READER)).toBe('same');
  });

  it.each([
    [[], ['key:EdDSA']],
    [['key:EdDSA'], []],
    [['key:EdDSA'], ['key:ES256/der']],
    [['root:a'], ['root']],
    [EVERY_SCHEME.slice(1), ['key:EdDSA']],
  ])('is another where it waits for %j in place of %j', (gains, again) => {
    expect(judgeWaiting({ ...STRANGER, gains }, again, READER)).toBe('other');
  });

  it('may be what an upgrade wrote, where that loses nothing', () => {
    const gains = [...EVERY_SCHEME, 'signer:t'];
    expect(judgeWaiting({ ...SIGNED, gains }, ['signer:t'], READER)).toBe('same');
    expect(judgeWaiting({ ...SIGNED, gains }, ['root'], READER)).toBe('other');
    expect(judgeWaiting({ ...SIGNED, gains: EVERY_SCHEME }, ['key:EdDSA'], READER)).toBe('other');
  });

  it('of known signers may differ where an earlier reader read what they signed, which is examined again', () => {
    expect(judgeWaiting({ ...SIGNED, readerRevision: 1 }, ['signer:t'], READER)).toBe('same');
    expect(judgeWaiting({ ...SIGNED, readerRevision: 1, proved: 0 }, ['signer:t'], READER)).toBe('unknown');
  });

  it('of strangers may not, whichever reader read it', () => {
    for (const readerRevision of [1, 3]) {
      expect(judgeWaiting({ ...STRANGER, readerRevision }, ['key:EdDSA'], READER)).toBe('other');
      expect(judgeWaiting({ ...SIGNED, readerRevision }, ['root', 'signer:t'], READER)).toBe('other');
    }
  });

  it('is not known of a later reader, unless it waits for more', () => {
    expect(judgeWaiting({ ...SIGNED, readerRevision: 3 }, ['signer:t'], READER)).toBe('unknown');
    expect(judgeWaiting({ ...SIGNED, readerRevision: 3, gains: ['signer:t'] }, [], READER)).toBe('same');
  });
});
