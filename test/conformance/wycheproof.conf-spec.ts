import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { importPublicKey, type PublicKeyUse } from '../../src/intoto/public-key.js';
import { signatureMatches } from '../../src/intoto/signature-matches.js';
import { readConformanceFile, withConformanceData } from './conformance-data.js';

const vectors = z.object({
  numberOfTests: z.number(),
  testGroups: z.array(
    z.object({
      publicKeyPem: z.string(),
      tests: z.array(
        z.object({
          tcId: z.number(),
          comment: z.string(),
          msg: z.string(),
          sig: z.string(),
          result: z.enum(['valid', 'invalid', 'acceptable']),
        }),
      ),
    }),
  ),
});

/**
 * Files with the number of tests each is known to hold, so that a file that lost its tests does not pass, and the tests
 * of which the result is left open, with what this service answers.
 */
const FILES: readonly {
  readonly file: string;
  readonly use: PublicKeyUse;
  readonly tests: number;
  readonly acceptable: Readonly<Record<number, boolean>>;
}[] = [
  {
    file: 'ecdsa_secp256r1_sha256_test.json',
    use: { algorithm: 'ES256', signatureEncoding: 'der' },
    tests: 484,
    acceptable: {},
  },
  { file: 'ed25519_test.json', use: { algorithm: 'EdDSA' }, tests: 151, acceptable: {} },
  // 8: the DigestInfo without its NULL.
  { file: 'rsa_signature_2048_sha256_test.json', use: { algorithm: 'RS256' }, tests: 259, acceptable: { 8: false } },
];

describe('Wycheproof signature vectors', () => {
  withConformanceData('wycheproof', () => {
    it.each(FILES)('$file: agrees with all $tests tests', async ({ file, use, tests, acceptable }) => {
      const { numberOfTests, testGroups } = vectors.parse(
        JSON.parse(readConformanceFile(`wycheproof/${file}`).toString('utf8')),
      );
      let ran = 0;
      const differing: string[] = [];
      for (const { publicKeyPem, tests: groupTests } of testGroups) {
        const { key, schemes } = importPublicKey(publicKeyPem, use);
        expect(schemes).toHaveLength(1);
        for (const { tcId, comment, msg, sig, result } of groupTests) {
          ran++;
          const matches = await signatureMatches(schemes[0]!, key, Buffer.from(msg, 'hex'), Buffer.from(sig, 'hex'));
          const wanted = result === 'acceptable' ? acceptable[tcId] : result === 'valid';
          if (matches !== wanted) differing.push(`${tcId} (${comment}): ${result}, but matches is ${matches}`);
        }
      }
      expect(differing).toEqual([]);
      expect(ran).toBe(numberOfTests);
      expect(ran).toBe(tests);
    });
  });
});
