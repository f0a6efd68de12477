import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseJws } from '../../src/intoto/jws.js';
import { KeyUnusable } from '../../src/intoto/key-unusable.js';
import { Malformed } from '../../src/intoto/malformed.js';
import { importPublicKey } from '../../src/intoto/public-key.js';
import { verifyJws } from '../../src/intoto/verify-jws.js';
import { readConformanceFile, withConformanceData } from './conformance-data.js';

const json = z.json();
const vectors = z.object({
  numberOfTests: z.number(),
  testGroups: z.array(
    z.object({
      comment: z.string(),
      private: z.record(z.string(), json).optional(),
      public: z.record(z.string(), json).optional(),
      tests: z.array(
        z.object({
          tcId: z.number(),
          comment: z.string(),
          jws: z.union([z.string(), z.record(z.string(), json)]),
          result: z.enum(['valid', 'invalid', 'acceptable']),
        }),
      ),
    }),
  ),
});
type Group = z.infer<typeof vectors>['testGroups'][number];
type Test = Group['tests'][number];

const TESTS = 401;

/**
 * Tests of which the published result is another than this service's, on purpose: a key that says PS256 does not verify a
 * signature by PS384, and a key that says ES521, which is no registered algorithm, is not taken in.
 */
const DIFFERENT: ReadonlyMap<number, string> = new Map([
  [346, 'PS256 key, PS384 signature'],
  [350, 'PS256 key, PS384 signature'],
  [347, 'ES521 key'],
  [351, 'ES521 key'],
]);

/** Groups whose key is symmetric: whoever could verify could sign, so that none of it is evidence. */
const HMAC_GROUPS: Readonly<Record<string, number>> = { hs256: 17, rfc7520: 2, base64: 21 };

const bytesOf = ({ jws }: Test): Buffer => Buffer.from(typeof jws === 'string' ? jws : JSON.stringify(jws));
const isSymmetric = (group: Group): boolean => group.private?.['kty'] === 'oct';

/** What has become of the JWS: verified, or why not. */
async function answerTo(group: Group, test: Test): Promise<'verified' | 'unmatched' | 'malformed' | 'key unusable'> {
  try {
    const { matches } = await verifyJws(parseJws(bytesOf(test)), [importPublicKey(group.public ?? null)]);
    return matches.length === 1 ? 'verified' : 'unmatched';
  } catch (error) {
    if (error instanceof Malformed) return 'malformed';
    if (error instanceof KeyUnusable) return 'key unusable';
    throw error;
  }
}

describe('Wycheproof JSON Web Signature vectors', () => {
  withConformanceData('wycheproof', () => {
    const { numberOfTests, testGroups } = vectors.parse(
      JSON.parse(readConformanceFile('wycheproof/json_web_signature_test.json').toString('utf8')),
    );

    it('hold as many tests as they are known to', () => {
      expect(numberOfTests).toBe(TESTS);
      expect(testGroups.flatMap(({ tests }) => tests)).toHaveLength(TESTS);
    });

    it(`agree for every asymmetric key but in ${DIFFERENT.size} tests, which are named`, async () => {
      const answers: Record<string, number> = {};
      const differing: number[] = [];
      for (const group of testGroups.filter((each) => !isSymmetric(each))) {
        for (const test of group.tests) {
          const answer = await answerTo(group, test);
          const summary = `${test.result}: ${answer}`;
          answers[summary] = (answers[summary] ?? 0) + 1;
          if ((answer === 'verified') !== (test.result === 'valid')) differing.push(test.tcId);
        }
      }
      console.log(
        `Wycheproof JWS, asymmetric keys: ${JSON.stringify(answers)}; different by choice: ${differing.join(', ')}`,
      );
      expect(differing.sort((a, b) => a - b)).toEqual([...DIFFERENT.keys()].sort((a, b) => a - b));
    });

    it('are refused as malformed where they are made with a symmetric key, all 40 of them', () => {
      const refused: Record<string, number> = {};
      for (const group of testGroups.filter(isSymmetric)) {
        for (const test of group.tests) {
          expect(() => parseJws(bytesOf(test)), `${test.tcId} (${test.comment})`).toThrow(Malformed);
          refused[group.comment] = (refused[group.comment] ?? 0) + 1;
        }
        expect(() => importPublicKey(group.private ?? null)).toThrow(KeyUnusable);
      }
      console.log(`Wycheproof JWS, symmetric keys: ${JSON.stringify(refused)} refused`);
      expect(refused).toEqual(HMAC_GROUPS);
    });
  });
});
