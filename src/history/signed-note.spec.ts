import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Malformed } from '../intoto/malformed.js';
import { noteKey, noteSigner, parseNoteKey, parseNoteSigner, isKeyName } from './note-key.js';
import { formatSignedNote, parseSignedNote, signNote, verifyNote } from './signed-note.js';

/** Of C2SP signed-note.md. */
const EXAMPLE_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const EXAMPLE_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

/** Of golang.org/x/mod/sumdb/note. */
const PETER = parseNoteKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
const ENOCH = parseNoteKey('EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop');
const PETER_SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const ENOCH_LINE =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';

const signer = noteSigner('example.org/log', generateKeyPairSync('ed25519').privateKey);

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
  return 'none';
}

describe('parseNoteKey', () => {
  it('reads the vkey of the specification', () => {
    const key = parseNoteKey(EXAMPLE_VKEY);
    expect(key).toMatchObject({ name: 'example.com/foo', id: 0x530d903a, type: 'ed25519', vkey: EXAMPLE_VKEY });
  });

  it('reads again what noteKey writes, of either type', () => {
    for (const type of ['ed25519', 'cosignature/v1'] as const) {
      const key = noteKey('example.org/witness', signer.key.publicKey, type);
      expect(parseNoteKey(key.vkey)).toMatchObject({ name: key.name, id: key.id, type });
    }
  });

  it.each([
    ['', 'is no name+id+key'],
    ['example.com/foo+530d903a', 'is no name+id+key'],
    ['example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'is no name+id+key'],
    ['example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'has an id that is not that'],
    ['example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'has an id that is not that'],
    ['example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'has a key of a type'],
    ['example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2', 'has a key that is no base64'],
    ['example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv', 'has a key that is not of 32 bytes'],
    [' x+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'has a name'],
    [`foo+530d903a+${Buffer.concat([Buffer.of(1), Buffer.alloc(32)]).toString('base64')}`, 'small order'],
  ])('refuses %j', (vkey, fault) => {
    expect(faultOf(() => parseNoteKey(vkey))).toContain(fault);
  });
});

describe('parseNoteSigner', () => {
  it('reads a key as Go writes it, and signs the same bytes', () => {
    const peter = parseNoteSigner(PETER_SIGNER);
    expect(peter.key.vkey).toBe(PETER.vkey);
    expect(signNote(TEXT, [peter])).toBe(`${TEXT}\n${PETER_LINE}`);
  });

  it('never quotes the key', () => {
    const seed = PETER_SIGNER.split('+').at(-1)!;
    expect(faultOf(() => parseNoteSigner(PETER_SIGNER.replace('c74f20a3', 'c74f20a4')))).not.toContain(seed);
    expect(faultOf(() => parseNoteSigner(PETER_SIGNER.slice(0, -1)))).toContain('no base64');
  });
});

describe('isKeyName', () => {
  it.each(['', 'a b', 'a+b', 'a\tb', 'a\u00a0b', 'a\u2003b', 'a\nb', 'a\u0085b', '\ud800'])('refuses %j', (name) => {
    expect(isKeyName(name)).toBe(false);
  });
  it.each(['example.com/log', 'localhost:8080/log', 'Ñandú'])('takes %j', (name) => {
    expect(isKeyName(name)).toBe(true);
  });
});

describe('verifyNote', () => {
  it('verifies the note of the specification', () => {
    const key = parseNoteKey(EXAMPLE_VKEY);
    expect(verifyNote(parseSignedNote(EXAMPLE_NOTE), [key])).toEqual({ outcome: 'verified', by: [key] });
  });

  it('verifies each known signature, and passes over those it does not know', () => {
    const note = parseSignedNote(`${TEXT}\n${PETER_LINE}${ENOCH_LINE}`);
    expect(verifyNote(note, [PETER, ENOCH])).toEqual({ outcome: 'verified', by: [PETER, ENOCH] });
    expect(verifyNote(note, [ENOCH])).toEqual({ outcome: 'verified', by: [ENOCH] });
    expect(verifyNote(note, [signer.key])).toEqual({ outcome: 'unsigned' });
    expect(verifyNote(note, [])).toEqual({ outcome: 'unsigned' });
  });

  it('counts a key once, however often its signature stands there', () => {
    const note = parseSignedNote(`${TEXT}\n${PETER_LINE}${PETER_LINE}`);
    expect(verifyNote(note, [PETER])).toEqual({ outcome: 'verified', by: [PETER] });
  });

  it('condemns a note with a known signature that does not verify, beside a good one or not', () => {
    const broken = PETER_LINE.replace('x08go/ZJ', 'x08go/ZK');
    for (const lines of [broken, PETER_LINE + broken, broken + ENOCH_LINE]) {
      const note = parseSignedNote(`${TEXT}\n${lines}`);
      expect(verifyNote(note, [PETER, ENOCH])).toEqual({ outcome: 'signature_invalid', name: 'PeterNeumann' });
    }
  });

  it('takes a signature under another name or id for that of somebody unknown', () => {
    const note = parseSignedNote(`${TEXT}\n${PETER_LINE.replace('PeterNeumann', 'EnochRoot')}`);
    expect(verifyNote(note, [PETER, ENOCH])).toEqual({ outcome: 'unsigned' });
  });

  it('verifies any text it has signed, and none of which a bit was changed', () => {
    const texts = fc.string({ unit: 'grapheme-ascii' }).map((text) => `${text}\n`);
    fc.assert(
      fc.property(texts, fc.nat(), (text, at) => {
        const note = parseSignedNote(signNote(text, [signer]));
        expect(note.text).toBe(text);
        expect(verifyNote(note, [signer.key]).outcome).toBe('verified');
        const bytes = Buffer.from(note.text);
        bytes[at % bytes.length]! ^= 1;
        expect(verifyNote({ ...note, text: bytes.toString('latin1') }, [signer.key]).outcome).toBe('signature_invalid');
      }),
    );
  });
});

describe('parseSignedNote', () => {
  it('takes 100 signatures, and no more', () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, i) => PETER_LINE.replace('Peter', `Peter${i}`)).join('');
    const note = parseSignedNote(`${TEXT}\n${lines(99)}${ENOCH_LINE}`);
    expect(note.signatures).toHaveLength(100);
    expect(verifyNote(note, [ENOCH]).outcome).toBe('verified');
    expect(faultOf(() => parseSignedNote(`${TEXT}\n${lines(101)}`))).toContain('more than 100');
  });

  it('ends the text at the last blank line', () => {
    const { text } = parseSignedNote(`first\n\nsecond\n\n${PETER_LINE}`);
    expect(text).toBe('first\n\nsecond\n');
  });

  it('is written again as it was read', () => {
    const note = `${TEXT}\n${PETER_LINE}${ENOCH_LINE}`;
    expect(formatSignedNote(parseSignedNote(Buffer.from(note)))).toBe(note);
  });

  it.each([
    ['nothing', ''],
    ['a text alone', TEXT],
    ['no signature', `${TEXT}\n`],
    ['no blank line', TEXT + PETER_LINE],
    ['no last newline', `${TEXT}\n${PETER_LINE.trimEnd()}`],
    ['a text below the signatures', `${TEXT}\n${PETER_LINE}more\n`],
    ['a hyphen for the dash', `${TEXT}\n${PETER_LINE.replace('—', '-')}`],
    ['two spaces', `${TEXT}\n${PETER_LINE.replace('— ', '—  ')}`],
    ['a name with a plus', `${TEXT}\n${PETER_LINE.replace('PeterN', 'Peter+N')}`],
    ['a name with a no-break space', `${TEXT}\n${PETER_LINE.replace('PeterN', 'Peter\u00a0N')}`],
    ['a signature of an id alone', `${TEXT}\n— PeterNeumann x08gow==\n`],
    ['base64 without padding', `${TEXT}\n${PETER_LINE.replace('=', '')}`],
    ['URL-safe base64', `${TEXT}\n${PETER_LINE.replace('/', '_')}`],
    ['base64 with bits left over', `${TEXT}\n${PETER_LINE.replace('nAM=', 'nAN=')}`],
    ['a carriage return', `${TEXT.replace('\n', '\r\n')}\n${PETER_LINE}`],
    ['a NUL', `\0${TEXT}\n${PETER_LINE}`],
    ['half a surrogate', `\ud800${TEXT}\n${PETER_LINE}`],
  ])('refuses %s', (_, note) => {
    expect(faultOf(() => parseSignedNote(note))).not.toBe('none');
  });

  it('refuses bytes that are no UTF-8', () => {
    const note = Buffer.concat([Buffer.of(0xff), Buffer.from(`${TEXT}\n${PETER_LINE}`)]);
    expect(faultOf(() => parseSignedNote(note))).toContain('UTF-8');
  });

  it('never throws anything but Malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        faultOf(() => parseSignedNote(bytes));
      }),
    );
  });
});
