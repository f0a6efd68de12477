import { randomBytes, sign, verify } from 'node:crypto';
import { importPublicKey } from '../src/intoto/public-key.js';
import { parseTrustRoot } from '../src/intoto/sigstore/trust-root.js';
import { verifyBundle } from '../src/intoto/sigstore/verify-bundle.js';
import type { SigstoreBundle } from '../src/intoto/bundle-content.js';
import { readBundle } from '../test/support/sigstore-bundle.js';
import { signBundle } from '../test/support/signed-bundle.js';
import { trustDomain, DAY, MINUTE } from '../test/support/trust-domain.js';
import { keyPair } from '../test/support/x509.js';
import type { Json } from '../src/intoto/json.js';

const COUNT = Number(process.env['BENCH_BUNDLE_COUNT'] ?? 500);
/** As much as the provenance of a build. */
const PAYLOAD_BYTES = 8 * 1024;

/** A signature with what verifies it. */
interface Check {
  readonly hash: string;
  readonly message: Buffer;
  readonly key: ReturnType<typeof keyPair>;
  readonly signature: Buffer;
}

/**
 * Bundles a second on one thread, certificates of the authorities known: against nothing but the verifications of
 * signatures that such a bundle takes, which are the leaf's by its issuer on P-384, and on P-256 the promise of the
 * certificate log, the promise and the checkpoint of the transparency log, and the signature itself.
 */
export async function measureBundles(rounds: number): Promise<string> {
  const since = new Date(Math.ceil(Date.now() / DAY) * DAY);
  const at = new Date(since.getTime() + MINUTE);
  const domain = await trustDomain({ since });
  const root = parseTrustRoot(domain.root);
  const key = importPublicKey(keyPair().publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const lines: string[] = [];
  for (const stamped of [false, true]) {
    const bundles: SigstoreBundle[] = [];
    for (let made = 0; made < COUNT; made += 1) {
      const payload = randomBytes(PAYLOAD_BYTES / 2).toString('hex');
      const { json } = await signBundle(domain, { at, payload, ...(stamped ? { stampedAt: at } : {}) });
      bundles.push(readBundle(JSON.parse(JSON.stringify(json)) as Json));
    }
    const checks = [
      check('P-384', 'sha384', 1100),
      check('P-256', 'sha256', 1150),
      check('P-256', 'sha256', 3000),
      check('P-256', 'sha256', 150),
      check('P-256', 'sha256', PAYLOAD_BYTES + 50),
      ...(stamped ? [check('P-256', 'sha256', 200)] : []),
    ];
    const rates: { readonly product: number; readonly floor: number }[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const product = await perSecond(async () => {
        for (const bundle of bundles) {
          const { failure } = await verifyBundle(bundle, [root], [key]);
          if (failure !== null) throw new Error(`a good bundle was refused: ${failure.detail}`);
        }
      });
      const floor = await perSecond(() => {
        for (let done = 0; done < COUNT; done += 1) {
          if (!checks.every((one) => verify(one.hash, one.message, one.key.publicKey, one.signature)))
            throw new Error();
        }
        return Promise.resolve();
      });
      // The first round warms both.
      if (round > 0) rates.push({ product, floor });
    }
    const ratios = rates.map(({ product, floor }) => product / floor);
    const ratio = median(ratios);
    lines.push(
      `| ${stamped ? 'with a log entry and a timestamp' : 'with a log entry'} | ${Math.round(median(rates.map((rate) => rate.product)))} | ${Math.round(median(rates.map((rate) => rate.floor)))} | ${ratio.toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}) | >= 0.4${ratio >= 0.4 ? '' : ' MISSED'} |`,
    );
  }
  return [
    `### Sigstore bundles of ${PAYLOAD_BYTES / 1024} KB, parsed, verified on one thread`,
    '',
    '| bundle | product per second | its signatures alone | product / floor | asked for |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function check(curve: 'P-256' | 'P-384', hash: string, bytes: number): Check {
  const key = keyPair(curve);
  const message = randomBytes(bytes);
  return { hash, message, key, signature: sign(hash, message, key.privateKey) };
}

async function perSecond(run: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await run();
  return COUNT / ((performance.now() - started) / 1000);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
