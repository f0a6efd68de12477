import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFaults } from './json-faults.js';
import { asArray, asObject, member, parseStrictJson } from './json.js';
import { Malformed } from './malformed.js';

const parse = (text: string, maxDepth?: number): unknown =>
  parseStrictJson(Buffer.from(text), maxDepth === undefined ? {} : { maxDepth });

function faultsOf(input: string | Uint8Array): Malformed['faults'] {
  try {
    parseStrictJson(typeof input === 'string' ? Buffer.from(input) : input);
  } catch (error) {
    if (error instanceof Malformed) return error.faults;
    throw error;
  }
  return [];
}

/** JSON texts with the faults this parser is about, many of them close to each other. */
const suspectText = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '"\\u0061"',
      '"__proto__"',
      '"\\u0000"',
      '"\\ud800"',
      '"\\udc00"',
      '"\\ud83d\\ude00"',
      '"\\\\"',
      '"\\"',
      '"',
      '\\',
      '1',
      '-0',
      '01',
      '1e400',
      '1.5',
      'true',
      'null',
      ' ',
      '\n',
      'é',
      '"é"',
      `"${'x'.repeat(70)}"`,
      `"${'x'.repeat(70)}\\u0000"`,
      `"${'x'.repeat(40)}\\"${'y'.repeat(40)}"`,
      '\t',
      '"\t"',
      '\uFEFF',
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));

/** Values that hold names twice when they are written, because their objects are lists of entries. */
const entriesText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1', '"s"', 'null', '-2.5e3', '""'),
    fc.array(tie('value'), { maxLength: 3 }).map((list) => `[${list.join(',')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c', '', 'constructor', '__proto__'), tie('value')), { maxLength: 4 })
      .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(', ')}}`),
  ),
})).value;

describe('parseStrictJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\\u0000|\\ud[89a-f]|__proto__/i.test(text));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('accepts exactly the texts in which the slow reader finds no fault', () => {
    fc.assert(
      fc.property(fc.oneof(suspectText, entriesText), fc.integer({ min: 1, max: 5 }), (text, maxDepth) => {
        let faults: readonly string[] = [];
        try {
          parse(text, maxDepth);
        } catch (error) {
          if (!(error instanceof Malformed)) throw error;
          faults = error.faults.map((fault) => fault.message);
        }
        expect(faults).not.toContain('is not acceptable JSON');
        const slow = findJsonFaults(text, maxDepth);
        let slowFaults: readonly string[] = [];
        try {
          slow.throwIfAny('envelope');
        } catch (error) {
          if (error instanceof Malformed) slowFaults = error.faults.map((fault) => fault.message);
        }
        expect(faults).toEqual(slowFaults);
      }),
      { numRuns: 3000 },
    );
  });

  it('throws nothing but Malformed on any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          suspectText.map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          faultsOf(bytes);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('reads a view into a larger buffer by its own bounds', () => {
    const bytes = Buffer.from('x{"a":1}y');
    expect(parseStrictJson(bytes.subarray(1, 8))).toEqual({ a: 1 });
    expect(parseStrictJson(new Uint8Array(bytes.buffer, bytes.byteOffset + 1, 7))).toEqual({ a: 1 });
  });

  it('says which document is at fault', () => {
    expect(() => parseStrictJson(Buffer.from('{'), { document: 'statement' })).toThrow(
      expect.objectContaining({ document: 'statement' }),
    );
  });

  describe('names that stand twice', () => {
    it.each([
      ['{"a":1,"a":1}', 'a'],
      ['{"a":1,"\\u0061":2}', 'a'],
      ['{"x":[0,{"b":{},"c":1,"b":2}]}', 'x[1].b'],
      ['{"":1,"":2}', '[""]'],
      ['{"gitoid:sha1":1,"gitoid:sha1":2}', '["gitoid:sha1"]'],
      [`{"${'k'.repeat(40)}":1,"${'k'.repeat(40)}":2}`, 'k'.repeat(40)],
    ])('refuses %s and names the path', (text, path) => {
      expect(faultsOf(text)).toEqual([{ path, message: 'stands twice in its object' }]);
    });

    it('accepts one name in several objects, and colons and braces within strings', () => {
      expect(parse('[{"a":"b:c{"},{"a":"\\":[}"}]')).toEqual([{ a: 'b:c{' }, { a: '":[}' }]);
    });

    it('names all of them, at most a hundred, and counts the rest', () => {
      const text = `{${Array.from({ length: 131 }, () => '"a":1').join(',')}}`;
      const faults = faultsOf(text);
      expect(faults).toHaveLength(101);
      expect(faults.at(-1)).toEqual({ path: '', message: 'has 30 more faults like these' });
    });
  });

  describe('text a database cannot hold', () => {
    it.each([
      ['{"a":"\\u0000"}', 'a', 'holds U+0000'],
      ['{"a":["x\\u0000y"]}', 'a[0]', 'holds U+0000'],
      ['{"a\\u0000":1}', '["a\\u0000"]', 'has a name with U+0000'],
      ['{"a":"\\ud83d"}', 'a', 'holds half of a surrogate pair'],
      ['{"a":"\\ude00\\ud83d"}', 'a', 'holds half of a surrogate pair'],
      ['{"a":"\\ude00\\ude00"}', 'a', 'holds half of a surrogate pair'],
      ['{"a":"\\ud83d\\u0041"}', 'a', 'holds half of a surrogate pair'],
      ['{"a":"\\uD83D\\uD83D\\uDE00"}', 'a', 'holds half of a surrogate pair'],
      [`{"a":"${'x'.repeat(5000)}\\uDFFF"}`, 'a', 'holds half of a surrogate pair'],
      ['{"\\udc00":1}', '["\\udc00"]', 'has a name with half of a surrogate pair'],
    ])('refuses %s', (text, path, message) => {
      expect(faultsOf(text)).toEqual([{ path, message }]);
    });

    it('accepts whole surrogate pairs, escaped backslashes before a u, and raw text beyond the BMP', () => {
      expect(parse('["\\ud83d\\ude00","\\\\u0000","\\\\\\\\ud800","😀"]')).toEqual([
        '😀',
        '\\u0000',
        '\\\\ud800',
        '😀',
      ]);
    });

    it('refuses a raw control character', () => {
      expect(faultsOf('["\u0000"]')[0]?.message).toContain('control character');
    });
  });

  describe('encoding', () => {
    it.each([
      ['an overlong form', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
      ['a surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
      ['a cut sequence', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
      ['Latin-1', Buffer.from('"é"', 'latin1')],
      ['UTF-16', Buffer.from('\uFEFF"a"', 'utf16le')],
    ])('refuses %s', (_name, bytes) => {
      expect(faultsOf(bytes)).toEqual([{ path: '', message: 'is not UTF-8' }]);
    });

    it('refuses a byte order mark before the document and accepts one within a string', () => {
      expect(faultsOf('\uFEFF{}')).toEqual([{ path: '', message: 'starts with a byte order mark' }]);
      expect(parse('"\uFEFF"')).toBe('\uFEFF');
    });
  });

  describe('depth', () => {
    it('accepts 128 levels and refuses 129, with the path', () => {
      expect(() => parse('['.repeat(128) + ']'.repeat(128))).not.toThrow();
      expect(faultsOf('['.repeat(129) + ']'.repeat(129))).toEqual([
        { path: '[0]'.repeat(128), message: 'is nested deeper than 128 levels' },
      ]);
      expect(() => parse('{"a":[{}]}', 3)).not.toThrow();
      expect(() => parse('{"a":[{}]}', 2)).toThrow('a[0]: is nested deeper than 2 levels');
    });

    it('does not count levels that stand beside each other, or brackets in strings', () => {
      expect(() => parse(`[${'[],'.repeat(500)}"${'['.repeat(500)}"]`)).not.toThrow();
    });

    it('survives a million levels', () => {
      expect(faultsOf('['.repeat(1_000_000))[0]?.message).toBe('is nested deeper than 128 levels');
      expect(faultsOf('{"a":'.repeat(1_000_000))[0]?.message).toBe('is nested deeper than 128 levels');
    });
  });

  describe('prototypes', () => {
    it.each(['{"__proto__":{"admin":true}}', '{"a":[{"\\u005f_proto__":1}]}'])('refuses %s', (text) => {
      expect(faultsOf(text)[0]?.message).toBe('is a name that is not accepted');
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    });

    it('keeps constructor, toString and hasOwnProperty as plain data', () => {
      const value = asObject(parseStrictJson(Buffer.from('{"constructor":1,"toString":null,"hasOwnProperty":[2]}')));
      expect(Object.entries(value ?? {})).toEqual([
        ['constructor', 1],
        ['toString', null],
        ['hasOwnProperty', [2]],
      ]);
    });
  });

  it('refuses a number that no double can hold, which would be written back as null', () => {
    expect(faultsOf('{"a":[1,1e999]}')).toEqual([{ path: 'a[1]', message: 'is a number beyond every double' }]);
    expect(faultsOf('-1e999')).toEqual([{ path: '', message: 'is a number beyond every double' }]);
    expect(faultsOf('{"a":-1e999}')).toHaveLength(1);
    expect(parse('[1e-999,1.7976931348623157e308]')).toEqual([0, Number.MAX_VALUE]);
  });

  describe('grammar', () => {
    it.each([
      ['', '', 'is not JSON: ends at character 0 where a value is expected'],
      ['{"a":1', 'a', 'is not JSON: ends at character 6 where a comma or } is expected'],
      ['{"a":1}}', '', 'is not JSON: has "}" at character 7 where the end is expected'],
      ['[1,]', '[1]', 'is not JSON: has "]" at character 3 where a value is expected'],
      ["{'a':1}", '', 'is not JSON: has "\'" at character 1 where a name in double quotes is expected'],
      ['{"a":01}', 'a', 'is not JSON: has "1" at character 6 where a comma or } is expected'],
      ['{"a":NaN}', 'a', 'is not JSON: has "N" at character 5 where a value is expected'],
      ['["abc', '[0]', 'holds a string without an end, from character 1'],
    ])('says where %s breaks it', (text, path, message) => {
      expect(faultsOf(text)).toEqual([{ path, message }]);
    });

    it('reports faults of content together with the fault of grammar after them', () => {
      expect(faultsOf('{"a":1,"a":"\\u0000"').map((fault) => fault.message)).toEqual([
        'stands twice in its object',
        'holds U+0000',
        'is not JSON: ends at character 19 where a comma or } is expected',
      ]);
    });
  });

  it('quotes nothing that a message or a database could not hold', () => {
    const long = '\\ud83d\\ude00'.repeat(300);
    for (const fault of faultsOf(`{"${long}":1,"${long}":2,"\\u0000":"\\u0000","${'k'.repeat(79)}😀":"\\ud800"}`)) {
      expect(fault.path.length).toBeLessThan(600);
      expect(fault.path.isWellFormed()).toBe(true);
      expect(fault.path).not.toContain('\0');
    }
  });

  it('cuts a long path without leaving half of a surrogate pair', () => {
    for (const padding of ['', 'x']) {
      const nested = Array.from({ length: 8 }, () => `{"${padding}${'😀'.repeat(39)}":`).join('');
      const [fault] = faultsOf(`${nested}"\\u0000"${'}'.repeat(8)}`);
      expect(fault?.path).toHaveLength(501);
      expect(fault?.path.isWellFormed()).toBe(true);
    }
  });

  it('takes time in proportion to the text, escaped or not, good or bad', () => {
    const worst = [
      `"${`${'x'.repeat(40)}\\n`.repeat(200_000)}"`,
      `"${'\\\\'.repeat(2_000_000)}"`,
      `[${'"",'.repeat(1_000_000)}""]`,
      `{"a":"\\u0000${'\\"'.repeat(1_000_000)}"}`,
    ];
    // Anything quadratic here would take minutes, past the limit for a test.
    for (const text of worst) faultsOf(text);
  });
});

describe('reading members', () => {
  it('sees own members only, and null as absent', () => {
    const object = asObject(parseStrictJson(Buffer.from('{"a":null,"b":false,"c":[]}'))) ?? {};
    expect(member(object, 'a')).toBeUndefined();
    expect(member(object, 'b')).toBe(false);
    expect(member(object, 'toString')).toBeUndefined();
    expect(asArray(member(object, 'c'))).toEqual([]);
    expect(asObject(member(object, 'c'))).toBeNull();
    expect(asArray(object)).toBeNull();
    expect(asObject(null)).toBeNull();
    expect(asArray(undefined)).toBeNull();
  });
});
