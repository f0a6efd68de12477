import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Malformed } from '../intoto/malformed.js';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { cosign, verifyCosignature } from './cosignature.js';
import { EMPTY_ROOT, leafHash } from './merkle-tree.js';
import { noteKey, noteSigner } from './note-key.js';
import { formatSignatureLine, parseSignedNote, signNote } from './signed-note.js';

const log = noteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey);
const checkpoint = { origin: 'example.org/log', size: 7, root: leafHash(Buffer.from('seven')) };
const root = checkpoint.root.toString('base64');

describe('a checkpoint', () => {
  it('is written in three lines and read again', () => {
    expect(formatCheckpoint(checkpoint)).toBe(`example.org/log\n7\n${root}\n`);
    expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it('may have further lines', () => {
    expect(parseCheckpoint(`o\n7\n${root}\nmore\nand more\n`).size).toBe(7);
  });

  it.each([
    ['', 'newline'],
    ['o\n', 'size'],
    ['\n7\nx\n', 'origin'],
    [`o\n07\n${root}\n`, 'size'],
    [`o\n-7\n${root}\n`, 'size'],
    [`o\n+7\n${root}\n`, 'size'],
    [`o\n7.0\n${root}\n`, 'size'],
    [`o\n9007199254740992\n${root}\n`, 'size'],
    [`o\n99999999999999999999\n${root}\n`, 'size'],
    [`o\n7\n${root.slice(0, -1)}\n`, 'root'],
    [`o\n7\n${Buffer.alloc(31).toString('base64')}\n`, 'root'],
    [`o\n7\n${root}`, 'newline'],
    [`o\n7\n${root}\n\nmore\n`, 'empty line'],
  ])('is not %j', (text, fault) => {
    expect(() => parseCheckpoint(text)).toThrow(Malformed);
    expect(() => parseCheckpoint(text)).toThrow(fault);
  });
});

describe('openCheckpoint', () => {
  it('opens what the log has signed', () => {
    expect(openCheckpoint(signCheckpoint(checkpoint, [log]), log.key)).toMatchObject(checkpoint);
  });

  it('opens what was cosigned as well', () => {
    const note = `${signCheckpoint(checkpoint, [log])}— somebody.example/else AAAAAAAA\n`;
    expect(openCheckpoint(note, log.key)).toMatchObject({ size: 7 });
  });

  it.each([
    ['a note that is none', 'nothing', 'blank line'],
    [
      'what another key of the name signed',
      signCheckpoint(checkpoint, [noteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey)]),
      'not signed by',
    ],
    ['a changed size', signCheckpoint(checkpoint, [log]).replace('\n7\n', '\n8\n'), 'does not verify'],
    ['the checkpoint of another origin', signCheckpoint({ ...checkpoint, origin: 'another' }, [log]), 'is of another'],
    ['a note that is no checkpoint', signNote('hello\n', [log]), 'size'],
  ])('says why it does not open %s', (_, note, fault) => {
    const opened = openCheckpoint(note, log.key);
    expect('fault' in opened && opened.fault).toContain(fault);
  });
});

describe('a cosignature', () => {
  const pair = generateKeyPairSync('ed25519');
  const witness = noteKey('witness.example/w', pair.publicKey, 'cosignature/v1');
  const text = formatCheckpoint(checkpoint);
  const line = cosign(text, 1_700_000_000, witness, pair.privateKey);

  it('of a known witness verifies, with its time', () => {
    expect(verifyCosignature(text, line, [witness])).toEqual({ key: witness, time: 1_700_000_000 });
    const note = signCheckpoint(checkpoint, [log]) + formatSignatureLine(line);
    expect(parseSignedNote(note).signatures[1]).toEqual(line);
    expect(openCheckpoint(note, log.key)).toMatchObject({ size: 7 });
  });

  it('does not verify for another text, time, name, key or type', () => {
    const otherText = formatCheckpoint({ ...checkpoint, root: EMPTY_ROOT });
    const later = Buffer.from(line.signature);
    later[7]! ^= 1;
    expect(verifyCosignature(otherText, line, [witness])).toBeNull();
    expect(verifyCosignature(text, { ...line, signature: later }, [witness])).toBeNull();
    expect(verifyCosignature(text, { ...line, name: 'witness.example/v' }, [witness])).toBeNull();
    expect(verifyCosignature(text, { ...line, signature: line.signature.subarray(8) }, [witness])).toBeNull();
    expect(verifyCosignature(text, line, [noteKey(witness.name, pair.publicKey)])).toBeNull();
    expect(verifyCosignature(text, line, [])).toBeNull();
  });

  it('of a time beyond what can be said is none', () => {
    const far = Buffer.from(line.signature).fill(0xff, 0, 8);
    expect(verifyCosignature(text, { ...line, signature: far }, [witness])).toBeNull();
  });
});
