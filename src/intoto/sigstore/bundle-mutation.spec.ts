import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../../test/support/sigstore-bundle.js';
import { changed, fixture, NOON, type Fixture } from '../../../test/support/sigstore-fixture.js';
import type { BundleJson, Logged } from '../../../test/support/signed-bundle.js';
import type { Json } from '../json.js';
import { verifyBundle, type BundleVerification } from './verify-bundle.js';

let f: Fixture;
let bundles: BundleJson[];
let certificateOfSha256: BundleJson;

beforeAll(async () => {
  f = await fixture();
  const logged: Logged[] = ['dsse/0.0.1', 'intoto/0.0.2', 'hashedrekord/0.0.2'];
  bundles = await Promise.all(logged.map((one) => f.bundle({ logged: one, stampedAt: NOON })));
  // An authority that signs by the hash to which a lenient reader falls back.
  certificateOfSha256 = await f.bundle({ stampedAt: NOON, certificate: { hash: 'sha256' } });
});

/** What becomes of a bundle; null where it cannot be read. */
async function outcome(json: BundleJson): Promise<BundleVerification | null> {
  let bundle;
  try {
    bundle = readBundle(JSON.parse(JSON.stringify(json)) as Json);
  } catch {
    return null;
  }
  return verifyBundle(bundle, [f.root], []);
}

function libraryAccepts(json: BundleJson): boolean {
  try {
    const { bundle } = readBundle(JSON.parse(JSON.stringify(json)) as Json);
    new Verifier(toTrustMaterial(TrustedRoot.fromJSON(f.domain.root))).verify(toSignedEntity(bundle));
    return true;
  } catch {
    return false;
  }
}

type Part = 'payload' | 'payloadType' | 'signature' | 'certificate';

function partOf(json: BundleJson, part: Part): Buffer {
  const { payload, payloadType, signatures } = json.dsseEnvelope!;
  switch (part) {
    case 'payload':
      return Buffer.from(payload, 'base64');
    case 'payloadType':
      return Buffer.from(payloadType);
    case 'signature':
      return Buffer.from(signatures[0]!.sig, 'base64');
    case 'certificate':
      return Buffer.from(json.verificationMaterial.certificate!.rawBytes, 'base64');
  }
}

function withPart(json: BundleJson, part: Part, bytes: Buffer): BundleJson {
  return changed(json, (copy) => {
    if (part === 'payload') copy.dsseEnvelope!.payload = bytes.toString('base64');
    if (part === 'payloadType') copy.dsseEnvelope!.payloadType = bytes.toString('latin1');
    if (part === 'signature') copy.dsseEnvelope!.signatures[0]!.sig = bytes.toString('base64');
    if (part === 'certificate') copy.verificationMaterial.certificate!.rawBytes = bytes.toString('base64');
  });
}

/** Paths of every text in the bundle. */
function textsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => textsOf(inner, [...path, name]));
}

/** That proofs are missing, as if they had been left out, and everything else is the same. */
function expectLess(verification: BundleVerification, unchanged: BundleVerification): void {
  expect(verification.signers).toHaveLength(unchanged.signers.length);
  for (const [index, signer] of verification.signers.entries()) {
    const whole = unchanged.signers[index]!;
    expect(signer.times.length).toBeLessThan(whole.times.length);
    expect(whole.times).toEqual(expect.arrayContaining([...signer.times]));
    expect({ ...signer, times: [] }).toEqual({ ...whole, times: [] });
  }
}

describe('a bundle of which one byte was changed', () => {
  it.each(['payload', 'payloadType', 'signature', 'certificate'] as const)('does not verify: %s', async (part) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, index, difference) => {
        const json = bundles[which % bundles.length]!;
        const bytes = partOf(json, part);
        bytes[index % bytes.length]! ^= difference;
        const verification = await outcome(withPart(json, part, bytes));
        expect(verification?.signers ?? []).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('does not verify: a bit of any byte of the certificate, its own signature and the names around it included', async () => {
    const bytes = partOf(certificateOfSha256, 'certificate');
    expect((await outcome(certificateOfSha256))?.failure).toBeNull();
    for (let index = 0; index < bytes.length; index += 1) {
      const other = Buffer.from(bytes);
      other[index]! ^= 1 << (index % 8);
      const verification = await outcome(withPart(certificateOfSha256, 'certificate', other));
      expect(verification?.signers ?? []).toEqual([]);
    }
  }, 60_000);

  it('proves the same, or less by a proof that names a stranger, or nothing, wherever the byte stands', async () => {
    const proofs = await Promise.all(bundles.map(outcome));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 127 }),
        async (which, where, index, by) => {
          const original = bundles[which % bundles.length]!;
          const paths = textsOf(original);
          const path = paths[where % paths.length]!;
          const json = changed(original, (copy) => {
            const holder = path.slice(0, -1).reduce<unknown>((inner, name) => (inner as never)[name], copy) as Record<
              string,
              string
            >;
            const name = path.at(-1)!;
            const text = holder[name]!;
            const isText = ['envelope', 'mediaType', 'kind', 'version', 'payloadType'].includes(String(name));
            const bytes = Buffer.from(text, isText ? 'utf8' : 'base64');
            if (bytes.length === 0) return;
            bytes[index % bytes.length]! ^= by;
            holder[name] = bytes.toString(isText ? 'utf8' : 'base64');
          });
          const verification = await outcome(json);
          if (verification === null || verification.failure !== null) return;
          const unchanged = proofs[which % bundles.length]!;
          if (libraryAccepts(json)) expect(verification).toEqual(unchanged);
          else expectLess(verification, unchanged);
        },
      ),
      { numRuns: 500 },
    );
  }, 60_000);
});
