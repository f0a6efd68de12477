import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { noteKey } from '../history/note-key.js';
import { readAsked } from './asked.js';

const { publicKey } = generateKeyPairSync('ed25519');
const { vkey } = noteKey('assay.example/log', publicKey);

describe('readAsked', () => {
  it('reads what is to be held against the log, and by which keys', () => {
    expect(readAsked([])).toMatchObject({ audited: { kind: 'database' }, keys: null, withoutKey: false, json: false });
    expect(readAsked(['--url=http://a', '--without-key'])).toMatchObject({ keys: null, withoutKey: true, save: null });
    expect(readAsked(['--url=http://a', '--sample=.5', `--key=${vkey}`])).toMatchObject({
      audited: { kind: 'service', url: 'http://a', sample: 0.5 },
      keys: [{ vkey }],
    });
    expect(readAsked(['--archive=a', '--archive=-', `--key=${vkey}`])).toMatchObject({
      audited: { kind: 'archive', files: ['a', '-'] },
    });
  });

  it('refuses the key of a witness for that of a log', () => {
    const witness = noteKey('witness.example', publicKey, 'cosignature/v1');
    expect(() => readAsked([`--key=${witness.vkey}`])).toThrow(/is the key of a witness/);
  });

  it.each([
    [['--url=http://a'], 'name it with --key'],
    [['--url=http://a', '--without-key', `--key=${vkey}`], '--without-key is where there is no --key'],
    [['--archive=b', '--without-key'], 'an archive is known by the key of its log alone'],
    [['--checkpoint=b', '--without-key'], 'name the key of the log'],
    [['--sample=0.5'], '--sample is of what a service answers'],
    [['--url=http://a', '--sample=2'], '--sample must be a share'],
    [['--url=http://a', '--archive=b', `--key=${vkey}`], 'name one of them'],
    [['--archive=b'], 'name it with --key'],
    [['--archive=b', `--key=${vkey}`, '--save=c'], '--save is for a log'],
    [['--checkpoint=b'], 'name the key of the log'],
    [['--key=x'], 'is no name+id+key'],
    [['--kept=x'], '--kept'],
  ])('refuses %j', (words, message) => {
    expect(() => readAsked(words)).toThrow(message);
  });
});
