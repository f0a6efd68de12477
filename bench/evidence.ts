import { randomBytes } from 'node:crypto';
import { approval, PREDICATE_TYPES, provenance, testResult, trivyScan } from '../test/support/predicates.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../test/support/sign.js';
import { send, type Client } from './client.js';

export const POLICY = 'bench';

/** Six requirements, as a policy for production has. */
export const POLICY_DOCUMENT = {
  policy: POLICY,
  parameters: { region: { type: 'string', required: true } },
  requirements: [
    { id: 'built', kind: 'build', from: ['ci'], where: { source: 'https://github.com/acme/*', ref: 'refs/tags/v*' } },
    { id: 'scanned', kind: 'scan', from: ['scanner'], maxAge: '30d', where: { maxSeverity: { critical: 0, high: 0 } } },
    { id: 'integration', kind: 'test', from: ['qa'], where: { suites: ['integration'] } },
    { id: 'smoke', kind: 'test', from: ['qa'], where: { suites: ['smoke'] } },
    { id: 'approved', kind: 'approval', from: ['managers'], count: 2 },
    { id: 'licensed', predicateType: 'https://example.com/licence/v1', from: ['legal'] },
  ],
};

export interface Signers {
  readonly ci: TestKey;
  readonly scanner: TestKey;
  readonly qa: TestKey;
  readonly legal: TestKey;
  readonly ann: TestKey;
  readonly bob: TestKey;
}

export function makeSigners(): Signers {
  return { ci: makeKey(), scanner: makeKey(), qa: makeKey(), legal: makeKey(), ann: makeKey(), bob: makeKey() };
}

/** The attestors that hold the keys, as they are registered, by name. */
export function attestorsOf(signers: Signers): readonly (readonly [name: string, document: object])[] {
  const key = (id: string, { publicKey }: TestKey): object => ({ id, publicKey });
  const person = (id: string, { publicKey }: TestKey): object => ({ id, publicKey, person: id });
  return [
    ['ci', { kinds: ['build'], keys: [key('k1', signers.ci)] }],
    ['scanner', { kinds: ['scan'], keys: [key('k1', signers.scanner)] }],
    ['qa', { kinds: ['test'], keys: [key('k1', signers.qa)] }],
    ['legal', { predicateTypes: ['https://example.com/licence/v1'], keys: [key('k1', signers.legal)] }],
    ['managers', { kinds: ['approval'], keys: [person('ann', signers.ann), person('bob', signers.bob)] }],
  ];
}

/** Registers six keys and the policy. */
export async function prepare(client: Client): Promise<Signers> {
  const signers = makeSigners();
  for (const [name, document] of attestorsOf(signers)) await send(client, 'PUT', `/v1/attestors/${name}`, document);
  await send(client, 'PUT', `/v1/policies/${POLICY}`, POLICY_DOCUMENT);
  return signers;
}

/** Everything the policy asks for, and as much again that is superseded: 12 attestations about one image. */
export function evidenceFor(digest: string, signers: Signers, at = new Date()): readonly Buffer[] {
  const earlier = new Date(at.getTime() - 3_600_000);
  const about = (type: string, predicate: unknown, key: TestKey): Buffer =>
    envelopeOf(statementAbout(digest, type, predicate), [key]);
  return [
    about(PREDICATE_TYPES.provenance, provenance(), signers.ci),
    about(PREDICATE_TYPES.cosignVuln, trivyScan(earlier, ['HIGH', 'LOW']), signers.scanner),
    about(PREDICATE_TYPES.cosignVuln, trivyScan(at, ['MEDIUM', 'LOW', 'LOW']), signers.scanner),
    ...['integration', 'smoke', 'load', 'upgrade', 'backup'].map((suite) =>
      about(PREDICATE_TYPES.testResult, testResult('PASSED', { suite }), signers.qa),
    ),
    about('https://example.com/licence/v1', { result: 'clear' }, signers.legal),
    about(PREDICATE_TYPES.approval, approval('ann', at), signers.ann),
    about(PREDICATE_TYPES.approval, approval('bob', at), signers.bob),
    about(PREDICATE_TYPES.provenance, provenance({ commit: 'f'.repeat(40) }), signers.ci),
  ];
}

/** A signed statement about a fresh image, its envelope about as many bytes as asked. */
export function envelopeOfSize(bytes: number, key: TestKey): Buffer {
  const padding = Math.max(0, Math.floor((bytes - 500) * 0.75));
  const predicate = {
    pad: randomBytes(Math.ceil(padding / 2))
      .toString('hex')
      .slice(0, padding),
  };
  const digest = `sha256:${randomBytes(32).toString('hex')}`;
  return envelopeOf(statementAbout(digest, 'https://example.com/licence/v1', predicate), [key]);
}
