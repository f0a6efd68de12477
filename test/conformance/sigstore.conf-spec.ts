import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { z } from 'zod';
import type { Json } from '../../src/intoto/json.js';
import { KeyUnusable } from '../../src/intoto/key-unusable.js';
import { importPublicKey, type PublicKey } from '../../src/intoto/public-key.js';
import { parseTrustRoot } from '../../src/intoto/sigstore/trust-root.js';
import { publicGoodRoot } from '../../src/intoto/sigstore/public-good-root.js';
import { verifyBundle, type BundleVerification } from '../../src/intoto/sigstore/verify-bundle.js';
import { readBundle } from '../support/sigstore-bundle.js';
import { readConformanceFile, withConformanceData } from './conformance-data.js';

const index = z.array(
  z.object({
    id: z.string(),
    bundle: z.string(),
    expect: z.enum(['verified', 'rejected']),
    trustedRoot: z.string(),
    publicKey: z.string().optional(),
    artifact: z.string().optional(),
    identity: z.string().optional(),
    issuer: z.string().optional(),
  }),
);
type Case = z.infer<typeof index>[number];

/** What became of a case, by the names of the rejection codes; `malformed` where the bundle could not be read. */
interface Answer {
  readonly answer: string;
  readonly detail: string;
}

describe('Sigstore bundles', () => {
  withConformanceData('signature-cases.json', () => {
    const cases = index.parse(JSON.parse(text('signature-cases.json')));
    const rows: string[] = [];

    it('are as many as are known', () => {
      expect(cases).toHaveLength(69);
      expect(cases.filter((one) => one.expect === 'verified')).toHaveLength(32);
    });

    it.each(cases)('$id is $expect', async (one) => {
      const { answer, detail } = await answerOf(one);
      const agrees = (answer === 'verified') === (one.expect === 'verified');
      rows.push(
        `${agrees ? 'agrees ' : 'DIFFERS'}  ${one.expect.padEnd(8)}  ${answer.padEnd(19)}  ${one.id}  ${detail}`,
      );
      expect({ answer, agrees }).toEqual({ answer, agrees: true });
    });

    it.each(cases)('$id: the library on its own, without anything kept, says the same', async (one) => {
      const { answer } = await answerOf(one);
      expect(libraryAccepts(one)).toBe(answer === 'verified');
    });

    it('the trust root of the public instance that is built in is the one they are verified by', () => {
      expect(publicGoodRoot()).toEqual(parseTrustRoot(JSON.parse(text('trusted-roots/public-good.json'))));
    });

    afterAll(() => {
      console.log(rows.join('\n'));
    });
  });
});

function text(path: string): string {
  return readConformanceFile(path).toString('utf8');
}

function bundleJson({ bundle, id }: Case): Json {
  const line = /#(\d+)$/.exec(id)?.[1];
  return JSON.parse(line === undefined ? text(bundle) : text(bundle).split('\n')[Number(line)]!);
}

async function answerOf(one: Case): Promise<Answer> {
  let bundle;
  try {
    bundle = readBundle(bundleJson(one));
  } catch (error) {
    return { answer: 'malformed', detail: error instanceof Error ? error.message.slice(0, 80) : '' };
  }
  const { content } = bundle;
  const artifact = one.artifact === undefined || content.type === 'dsse' ? null : readConformanceFile(one.artifact);
  if (content.type === 'message' && artifact !== null) {
    const digest = `sha256:${createHash('sha256').update(artifact).digest('hex')}`;
    if (digest !== content.digest) return { answer: 'other artifact', detail: digest };
  }
  const root = parseTrustRoot(JSON.parse(text(one.trustedRoot)));
  const keys = keysOf(one);
  if (keys === null) return { answer: 'key unusable', detail: 'nobody could register it' };
  const verification = await verifyBundle(bundle, [root], keys);
  const { failure } = verification;
  if (failure !== null) return { answer: failure.code, detail: failure.detail };
  return { answer: identityFits(verification, one) ? 'verified' : 'other identity', detail: '' };
}

/** The key that is known in a case; null where it is none that this service takes in. */
function keysOf({ publicKey }: Case): PublicKey[] | null {
  try {
    return publicKey === undefined ? [] : [importPublicKey(text(publicKey))];
  } catch (error) {
    if (error instanceof KeyUnusable) return null;
    throw error;
  }
}

function identityFits({ signers }: BundleVerification, { identity, issuer, publicKey }: Case): boolean {
  const [signer, ...more] = signers;
  if (signer === undefined || more.length > 0) return false;
  if (signer.type === 'key') return publicKey !== undefined;
  return JSON.stringify(signer.identity.subjects) === JSON.stringify([identity]) && signer.identity.issuer === issuer;
}

/** Whether `@sigstore/verify` accepts the case as it is documented to be used; the identity compared as text. */
function libraryAccepts(one: Case): boolean {
  try {
    const { bundle } = readBundle(bundleJson(one));
    const root = TrustedRoot.fromJSON(JSON.parse(text(one.trustedRoot)));
    const material = toTrustMaterial(root, () => {
      const [known] = keysOf(one) ?? [];
      if (known === undefined) throw new Error('no key');
      return { publicKey: known.key, validFor: () => true };
    });
    const artifact = one.artifact === undefined ? undefined : readConformanceFile(one.artifact);
    const { identity } = new Verifier(material).verify(toSignedEntity(bundle, artifact));
    if (one.publicKey !== undefined) return true;
    return identity?.subjectAlternativeName === one.identity && identity?.extensions?.issuer === one.issuer;
  } catch {
    return false;
  }
}
