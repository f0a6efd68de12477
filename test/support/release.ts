import { randomBytes } from 'node:crypto';
import { demand } from './answers.js';
import type { Answer, Api } from './api.js';
import { approval, PREDICATE_TYPES, provenance, testResult, trivyScan } from './predicates.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from './sign.js';

/*
 * A release as pipelines and people bring it about: who is trusted for what, what they sign about an image, and the policy
 * by which it may run.
 */

export const KINDS_SIGNED = { ci: 'build', trivy: 'scan', qa: 'test', leads: 'approval' } as const;
export type Attestor = keyof typeof KINDS_SIGNED;

export const RELEASE_POLICY = `policy: release
requirements:
  - {id: built, kind: build, from: [ci], where: {source: 'https://github.com/acme/*', ref: refs/tags/v*}}
  - {id: scanned, kind: scan, from: [trivy], maxAge: 24h, where: {maxSeverity: {critical: 0, high: 0}}}
  - {id: tested, kind: test, from: [qa], where: {suites: [integration]}}
  - {id: approved, kind: approval, from: [leads]}
`;

export interface Release {
  readonly keys: Readonly<Record<Attestor, TestKey>>;
  /** What each attestor signs when all is well, or what it is told to say, by its own key or another. */
  signed(by: Attestor, image: string, says?: Partial<Saying>): Buffer;
}

interface Saying {
  readonly predicate: unknown;
  readonly key: TestKey;
}

/** Registers the attestors, each with one key `k1`, and publishes the policy `release`. */
export async function prepareRelease(admin: Api): Promise<Release> {
  const keys = { ci: makeKey('P-256'), trivy: makeKey('Ed25519'), qa: makeKey('RSA-PSS'), leads: makeKey('P-384') };
  for (const [name, kind] of Object.entries(KINDS_SIGNED)) {
    const { publicKey } = keys[name as Attestor];
    demand(await admin.put(`/v1/attestors/${name}`, { kinds: [kind], keys: [{ id: 'k1', publicKey }] }), 201);
  }
  await publish(admin, 'release', RELEASE_POLICY);
  return {
    keys,
    signed: (by, image, { predicate = usualPredicate(by), key = keys[by] } = {}) =>
      envelopeOf(statementAbout(image, predicateTypeOf(by), predicate), [key]),
  };
}

/** Publishes a policy written in YAML. */
export async function publish(admin: Api, name: string, yaml: string): Promise<Answer> {
  return demand(await admin.put(`/v1/policies/${name}`, yaml, { 'content-type': 'application/yaml' }), 201);
}

/** A digest nobody has spoken of. */
export function newImage(): string {
  return `sha256:${randomBytes(32).toString('hex')}`;
}

/** Posts evidence and waits for what verification finds. */
export async function postExamined(api: Api, envelope: Buffer): Promise<Answer> {
  const answer = demand(await api.post('/v1/attestations', envelope, { prefer: 'wait=30' }), 201);
  if (answer.body.status === 'pending') throw new Error(`not examined within the wait: ${answer.text}`);
  return answer;
}

/** The verdict by a policy, `release` unless another is named. */
export async function verdictOn(api: Api, image: string, query = 'policy=release'): Promise<Answer['body']> {
  return demand(await api.get(`/v1/images/${image}/verdict?${query}`), 200).body;
}

/** The code of each requirement of a verdict. */
export function codesOf(verdict: Answer['body']): Readonly<Record<string, string>> {
  const requirements: readonly { readonly id: string; readonly code: string }[] = verdict.requirements;
  return Object.fromEntries(requirements.map(({ id, code }) => [id, code]));
}

function predicateTypeOf(by: Attestor): string {
  return {
    ci: PREDICATE_TYPES.provenance,
    trivy: PREDICATE_TYPES.cosignVuln,
    qa: PREDICATE_TYPES.testResult,
    leads: PREDICATE_TYPES.approval,
  }[by];
}

function usualPredicate(by: Attestor): unknown {
  switch (by) {
    case 'ci':
      return provenance();
    case 'trivy':
      return trivyScan(new Date());
    case 'qa':
      return testResult('PASSED');
    case 'leads':
      return approval('lead', new Date());
  }
}
