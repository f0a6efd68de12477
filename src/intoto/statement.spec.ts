import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Malformed } from './malformed.js';
import { claimedStatement, isStatementPayloadType, parseStatement } from './statement.js';

const SHA256 = 'ab12'.repeat(16);
const SHA512 = 'cd34'.repeat(32);

const v1 = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'registry.example/app', digest: { sha256: SHA256 } }],
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: { buildDefinition: {} },
};
const v01 = { ...v1, _type: 'https://in-toto.io/Statement/v0.1' };

const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json));
const withDigest = (digest: unknown): unknown => ({ ...v1, subject: [{ digest }] });

function faultsOf(json: unknown): readonly string[] {
  try {
    parseStatement(json instanceof Uint8Array ? json : bytesOf(json));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    expect(error.document).toBe('statement');
    return error.faults.map((fault) => `${fault.path}: ${fault.message}`);
  }
  return [];
}

describe('parseStatement', () => {
  it('reads a Statement v1', () => {
    expect(parseStatement(bytesOf(v1))).toEqual({
      type: 'v1',
      subjects: [{ name: 'registry.example/app', digests: [`sha256:${SHA256}`] }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: { buildDefinition: {} },
    });
  });

  it.each(['https://slsa.dev/provenance/v1', 'https://openvex.dev/ns', 'anything at all'])(
    'reads a Statement v0.1 with predicate type %s',
    (predicateType) => {
      expect(parseStatement(bytesOf({ ...v01, predicateType }))).toMatchObject({ type: 'v0.1', predicateType });
    },
  );

  it.each([
    'https://in-toto.io/Statement/v0.2',
    'https://in-toto.io/Statement/v2',
    'https://in-toto.io/statement/v1',
    'https://in-toto.io/Statement/v1/',
    'constructor',
    '',
    1,
    null,
    undefined,
  ])('refuses _type %s', (type) => {
    expect(faultsOf({ ...v1, _type: type })).toEqual([expect.stringMatching(/^_type: must be https/)]);
  });

  it('ignores fields it does not know', () => {
    const json = { ...v1, slsaProvenance: {}, subject: [{ ...v1.subject[0], annotations: {}, uri: 7 }] };
    expect(parseStatement(bytesOf(json))).toEqual(parseStatement(bytesOf(v1)));
  });

  describe('subjects', () => {
    it.each([[[]], [undefined], [null], [{}], ['x']])('refuses empty subjects: %j', (subject) => {
      expect(faultsOf({ ...v1, subject })).toEqual(['subject: must be an array of at least one subject']);
    });

    it('keeps every digest in an accepted algorithm and ignores the others', () => {
      const digest = {
        md5: 'x',
        sha1: 1,
        sha512: SHA512,
        'gitoid:sha256': null,
        gitCommit: 'ab'.repeat(20),
        sha256: SHA256,
      };
      expect(parseStatement(bytesOf(withDigest(digest))).subjects[0]?.digests).toEqual([
        `sha512:${SHA512}`,
        `gitCommit:${'ab'.repeat(20)}`,
        `sha256:${SHA256}`,
      ]);
    });

    it('does not take a digest of another algorithm for a sha256: a subject with the digest under another algorithm', () => {
      expect(parseStatement(bytesOf(withDigest({ sha512_256: SHA256 }))).subjects[0]?.digests).toEqual([
        `sha512_256:${SHA256}`,
      ]);
    });

    it.each([
      ['only md5', { md5: 'd41d8cd98f00b204e9800998ecf8427e' }, 'it holds "md5"'],
      ['only sha1', { sha1: 'ab'.repeat(20) }, 'it holds "sha1"'],
      ['an empty digest', {}, 'it holds none'],
      ['only algorithms nobody knows', { arn: 'x', toString: 'y' }, 'it holds "arn", "toString"'],
      ['an algorithm in capitals', { SHA256 }, 'it holds "SHA256"'],
    ])('refuses a subject with %s and says so', (_name, digest, found) => {
      expect(faultsOf(withDigest(digest))).toEqual([
        `subject[0].digest: must hold a digest in an accepted algorithm, such as sha256; ${found}`,
      ]);
    });

    it.each([
      ['an upper-case digest', { sha256: SHA256.toUpperCase() }],
      ['a digest that is too short', { sha256: SHA256.slice(1) }],
      ['a digest with its algorithm as a prefix', { sha256: `sha256:${SHA256}` }],
      ['a digest that is no hexadecimal', { sha256: 'g'.repeat(64) }],
      ['a digest with a line break', { sha256: `${SHA256}\n` }],
      ['a digest that is no text', { sha256: 5 }],
      ['null', { sha256: null }],
      ['a malformed digest beside a good one', { sha512: SHA512, sha256: SHA256.toUpperCase() }],
    ])('refuses %s, neither dropping nor mending it', (_name, digest) => {
      expect(faultsOf(withDigest(digest))).toEqual([
        'subject[0].digest.sha256: must be sha256 in lower-case hexadecimal digits of full length',
      ]);
    });

    it.each([[undefined], [null], ['sha256:ab'], [[]]])('refuses a subject whose digest is %j', (digest) => {
      expect(faultsOf(withDigest(digest))).toEqual(['subject[0].digest: must be an object of digests by algorithm']);
    });

    it('refuses one bad subject among good ones', () => {
      const subject = [...v1.subject, 'y'];
      expect(faultsOf({ ...v1, subject }).map((fault) => fault.split(':')[0])).toEqual(['subject[1]']);
    });

    it('passes over a subject named only by a digest nobody accepts, beside one that is not', () => {
      const subject = [...v1.subject, { digest: { md5: 'x' } }];
      expect(faultsOf({ ...v1, subject })).toEqual([]);
      expect(parseStatement(Buffer.from(JSON.stringify({ ...v1, subject }))).subjects[1]?.digests).toEqual([]);
    });

    it('accepts 10,000 subjects and refuses 10,001', () => {
      const subject = Array.from({ length: 10_001 }, () => ({ digest: { sha256: SHA256 } }));
      expect(parseStatement(bytesOf({ ...v1, subject: subject.slice(1) })).subjects).toHaveLength(10_000);
      expect(faultsOf({ ...v1, subject })).toEqual(['subject: holds 10001 subjects; at most 10000 are accepted']);
    });
  });

  describe('names', () => {
    const named = (statement: object, ...names: unknown[]): unknown => ({
      ...statement,
      subject: names.map((name) => ({ name, digest: { sha256: SHA256 } })),
    });

    it('are optional and may repeat in v1, where empty means none', () => {
      const { subjects } = parseStatement(bytesOf(named(v1, 'a', 'a', undefined, null, '', '_')));
      expect(subjects.map((subject) => subject.name)).toEqual(['a', 'a', null, null, null, '_']);
    });

    it('are required in v0.1', () => {
      expect(faultsOf(named(v01, 'a', undefined, ''))).toEqual([
        'subject[1].name: must be a name that is not empty in Statement v0.1',
        'subject[2].name: must be a name that is not empty in Statement v0.1',
      ]);
    });

    it('are unique in v0.1 unless they are _', () => {
      expect(faultsOf(named(v01, '_', '_', 'a', 'b', 'a'))).toEqual(['subject[4].name: stands twice: "a"']);
    });

    it.each([
      ['v1', v1],
      ['v0.1', v01],
    ])('are text in %s', (_type, statement) => {
      expect(faultsOf(named(statement, 7))[0]).toBe('subject[0].name: must be a string');
    });
  });

  describe('predicate', () => {
    it.each([undefined, null])('is empty where it is %s', (predicate) => {
      expect(parseStatement(bytesOf({ ...v1, predicate })).predicate).toEqual({});
    });

    it('stays a string where an old cosign attestation holds one', () => {
      expect(parseStatement(bytesOf({ ...v01, predicate: 'SPDXVersion: SPDX-2.2' })).predicate).toBe(
        'SPDXVersion: SPDX-2.2',
      );
    });

    it.each([[[]], [1], [false]])('is refused where it is %j', (predicate) => {
      expect(faultsOf({ ...v1, predicate })).toEqual(['predicate: must be an object']);
    });

    it.each([undefined, null, '', 5, {}])('needs a type: %j is refused', (predicateType) => {
      expect(faultsOf({ ...v1, predicateType })).toEqual(['predicateType: must be a string that is not empty']);
    });

    it('may have a type of 2,000 bytes and no longer one', () => {
      expect(faultsOf({ ...v1, predicateType: 'é'.repeat(1000) })).toEqual([]);
      expect(faultsOf({ ...v1, predicateType: `${'é'.repeat(1000)}x` })).toEqual([
        'predicateType: is longer than 2000 bytes',
      ]);
    });
  });

  it('reports every fault at once, the first hundred one by one', () => {
    expect(faultsOf({}).map((fault) => fault.split(':')[0])).toEqual(['_type', 'subject', 'predicateType']);
    const subject = Array.from({ length: 250 }, () => ({ digest: { md5: 'x' } }));
    const faults = faultsOf({ ...v1, subject });
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)).toBe(': has 150 more faults like these');
  });

  it('refuses what strict JSON refuses', () => {
    const text = JSON.stringify(v1).replace('"predicate":', '"predicate":{},"predicate":');
    expect(faultsOf(Buffer.from(text))).toEqual(['predicate: stands twice in its object']);
    expect(faultsOf(Buffer.from('nope'))).toHaveLength(1);
    expect(faultsOf(Buffer.from('[]'))).toEqual([': must be a JSON object']);
  });

  it('throws nothing but Malformed on any JSON and any bytes', () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    const likely = fc.record(
      {
        _type: fc.oneof(fc.constantFrom(v1._type, v01._type), value),
        subject: fc.oneof(
          fc.array(
            fc.oneof(
              value,
              fc.record({
                name: value,
                digest: fc.oneof(value, fc.dictionary(fc.constantFrom('sha256', 'md5', 'gitTag'), value)),
              }),
            ),
          ),
          value,
        ),
        predicateType: value,
        predicate: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          likely.map(bytesOf),
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          faultsOf(bytes);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('claimedStatement', () => {
  it('gives what a payload says under names that say nobody has verified it', () => {
    expect(claimedStatement(bytesOf(v1))).toEqual({
      claimedSubjects: [{ name: 'registry.example/app', digests: [`sha256:${SHA256}`] }],
      claimedPredicateType: 'https://slsa.dev/provenance/v1',
    });
  });

  it('refuses what parseStatement refuses', () => {
    expect(() => claimedStatement(bytesOf({ ...v1, subject: [] }))).toThrow(Malformed);
  });
});

describe('isStatementPayloadType', () => {
  it.each([
    'application/vnd.in-toto+json',
    'application/vnd.in-toto.provenance+json',
    'application/vnd.in-toto.test-result+json',
    'application/vnd.in-toto.vulns_02+json',
  ])('accepts %s', (payloadType) => {
    expect(isStatementPayloadType(payloadType)).toBe(true);
  });

  it.each([
    '',
    'application/json',
    'application/vnd.in-toto',
    'application/vnd.in-toto.+json',
    'application/vnd.in-toto.provenance+dsse',
    'application/vnd.in-toto.bundle',
    'Application/vnd.in-toto+json',
    'application/vnd.in-toto+json; charset=utf-8',
    'application/vnd.in-toto+json\n',
    ' application/vnd.in-toto+json',
    'application/vndXin-toto+json',
    'https://witness.testifysec.com/policy/v0.1',
  ])('refuses %j', (payloadType) => {
    expect(isStatementPayloadType(payloadType)).toBe(false);
  });
});
