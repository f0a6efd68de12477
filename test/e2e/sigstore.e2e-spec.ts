import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/intoto/digest.js';
import { KINDS } from '../../src/intoto/predicate-kind.js';
import { withConformanceData } from '../conformance/conformance-data.js';
import { sigstoreCases, type SigstoreCase } from '../conformance/sigstore-cases.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let pipeline: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  pipeline = await apiAs(app, { name: 'pipeline', roles: ['attester'] });
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

/** Anybody may call a workflow of another repository: an identity for it has to say for whom it ran. */
const CLAIMS: Readonly<Record<string, object>> = {
  'gh-cli/reusable-workflow-attestation.sigstore.json': { sourceRepositoryOwnerUri: 'https://github.com/malancas' },
};

/** Where this service asks for more than the case does, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  'sigstore-conformance/intoto-with-custom-trust-root':
    'its certificate names a workflow and does not say for which repository that ran',
};

interface Said {
  readonly outcome: 'verified' | 'rejected';
  readonly because: string;
}

/** Registers whom a case trusts, under a name of the case's own; what it was refused for, or null. */
async function register(
  name: string,
  { id, trustedRoot, identity, issuer, publicKey }: SigstoreCase,
): Promise<Said | null> {
  if (trustedRoot !== null) {
    const put = await admin.put(`/v1/trust-roots/${name}`, trustedRoot, { 'content-type': 'application/json' });
    if (put.status !== 201) return { outcome: 'rejected', because: `trust root: ${put.body.code}` };
  }
  const trustRoot = trustedRoot === null ? 'public-good' : name;
  const keys = publicKey === null ? [] : [{ id: 'k1', publicKey, trustRoot }];
  const identities =
    identity === null ? [] : [{ id: 'i1', issuer, subject: identity, claims: CLAIMS[id] ?? {}, trustRoot }];
  const put = await admin.put(`/v1/attestors/${name}`, { kinds: KINDS, keys, identities });
  return put.status === 201 ? null : { outcome: 'rejected', because: `attestor: ${put.body.code}` };
}

/** What the service makes of a case, asked as a pipeline and judged for the attestor that the case trusts. */
async function submit(name: string, { bytes, artifact, identity, publicKey }: SigstoreCase): Promise<Said> {
  const answer = await pipeline.post('/v1/attestations', bytes, { prefer: 'wait=30' });
  if (answer.status >= 400) return { outcome: 'rejected', because: `${answer.status} ${answer.body.code}` };
  const { status, subjects, verification } = demandExamined(answer);
  const counted = verification.signers.some(
    (signer: { attestor: string | null; counts: boolean }) => signer.attestor === name && signer.counts,
  );
  const judged = identity === null && publicKey === null ? status === 'verified' : counted;
  if (!judged)
    return { outcome: 'rejected', because: verification.code ?? 'it does not count for whom the case trusts' };
  const digests = subjects.map(({ digest }: { digest: string }) => digest);
  if (artifact !== null && !digests.includes(sha256(artifact))) {
    return { outcome: 'rejected', because: 'it is about another artifact' };
  }
  return { outcome: 'verified', because: '' };
}

function demandExamined(answer: Answer): Answer['body'] {
  if (answer.body.status === 'pending') throw new Error(`not examined in time: ${answer.text}`);
  return answer.body;
}

describe('the public Sigstore cases over HTTP', () => {
  withConformanceData('sigstore-conformance', () => {
    const cases = sigstoreCases();
    const said = new Map<string, Said>();

    beforeAll(async () => {
      const refused = new Map<string, Said>();
      for (const [index, each] of cases.entries()) {
        const answer = await register(`case-${index}`, each);
        if (answer !== null) refused.set(each.id, answer);
      }
      for (const [index, each] of cases.entries()) {
        said.set(each.id, refused.get(each.id) ?? (await submit(`case-${index}`, each)));
      }
      const rows = cases.map(({ id, expect: expected }) => {
        const { outcome, because } = said.get(id) ?? { outcome: 'none', because: '' };
        const why = STRICTER[id] ?? because;
        const agrees = outcome === expected ? 'agrees' : id in STRICTER ? 'stricter' : 'DIFFERS';
        return `${agrees}  ${expected.padEnd(8)}  ${id}${why === '' ? '' : `  (${why})`}`;
      });
      const agreeing = rows.filter((row) => row.startsWith('agrees')).length;
      console.log([`Sigstore cases over HTTP: ${agreeing} of ${rows.length} agree`, ...rows].join('\n'));
    });

    it.each(cases.map(({ id, expect: expected, why }) => [id, expected, why] as const))('%s: %s %s', (id, expected) => {
      const wanted = id in STRICTER ? { outcome: 'rejected', because: 'identity_mismatch' } : { outcome: expected };
      expect(said.get(id)).toMatchObject(wanted);
    });
  });
});
