import { z } from 'zod';
import { attestationAnswer, outcomeText } from '../attestation-answer.js';
import { readAnswer } from '../answer.js';
import { Failure } from '../failure.js';
import type { Service } from '../service.js';
import { verdictAnswer, type VerdictAnswer } from '../verdict-answer.js';
import type { Act } from './acts.js';
import { attestorDocument, type Cast } from './cast.js';
import type { Narration } from './narration.js';
import { POLICY, POLICY_NAME } from './policy.js';
import { signStatement } from './sign.js';
import { REGION, type DemoImage } from './statements.js';

/**
 * Plays the acts against the service and returns, for each answer that was another than expected, a line that says so:
 * none where all went as it should. Throws Failure where the service cannot be asked.
 */
export async function perform(
  image: DemoImage,
  cast: Cast,
  acts: readonly Act[],
  service: Service,
  narration: Narration,
): Promise<readonly string[]> {
  await registerAttestors(cast, service, narration);
  await writePolicy(service, narration);
  const unexpected: string[] = [];
  for (const act of acts) {
    narration.step(act.title);
    if (act.evidence !== null) await postEvidence(act.evidence, service, narration);
    const verdict = await askFor(image, service, narration);
    narration.verdict(verdict);
    const unmet = unmetBy(verdict);
    if (verdict.decision === act.expected && sameWords(unmet, act.unmet)) continue;
    unexpected.push(
      `${act.title}: expected ${act.expected}${listed(act.unmet)}, got ${verdict.decision}${listed(unmet)}`,
    );
  }
  return unexpected;
}

async function registerAttestors({ attestors }: Cast, service: Service, narration: Narration): Promise<void> {
  narration.step('Whose signatures count, and for what');
  for (const attestor of attestors) {
    const { name, kinds, members } = attestor;
    const keys = members.map(({ key, person }) => `${key.algorithm}${person === null ? '' : ` of ${person}`}`);
    narration.say(`${name.padEnd(22)} may sign: ${kinds.join(', ')}; keys: ${keys.join(', ')}`);
    await put(service, `/v1/attestors/${name}`, 'application/json', JSON.stringify(attestorDocument(attestor)));
  }
  narration.curl(
    '-X PUT $ASSAY_URL/v1/attestors/demo-ci -H "content-type: application/json" --data-binary @demo-ci.json',
  );
}

async function writePolicy(service: Service, narration: Narration): Promise<void> {
  narration.step('What may run in production');
  narration.say(...POLICY.trimEnd().split('\n'));
  await put(service, `/v1/policies/${POLICY_NAME}`, 'application/yaml', POLICY);
  narration.curl(
    `-X PUT $ASSAY_URL/v1/policies/${POLICY_NAME} -H "content-type: application/yaml" --data-binary @policy.yaml`,
  );
}

async function put(service: Service, path: string, type: string, body: string): Promise<void> {
  const answer = await service.request({
    method: 'PUT',
    path,
    headers: { 'content-type': type },
    body,
    idempotent: true,
  });
  readAnswer(answer, z.unknown());
}

async function postEvidence(
  { says, signedBy, file, signer, statement }: NonNullable<Act['evidence']>,
  service: Service,
  narration: Narration,
): Promise<void> {
  narration.say(says, `signed with ${signer.key.keyid} (${signer.key.algorithm}) of ${signedBy}`);
  narration.curl(`-H "prefer: wait=30" $ASSAY_URL/v1/attestations --data-binary @${file}`);
  const answer = await service.request({
    method: 'POST',
    path: '/v1/attestations',
    headers: { 'content-type': 'application/json', prefer: 'wait=30' },
    body: signStatement(statement(new Date()), signer.key),
    idempotent: true,
    waits: 30,
  });
  const attestation = readAnswer(answer, attestationAnswer);
  narration.say(`${outcomeText(attestation)}  ${attestation.id}`);
  if (attestation.status !== 'verified') throw new Failure(`${file} was not verified: ${outcomeText(attestation)}`);
}

async function askFor(image: DemoImage, service: Service, narration: Narration): Promise<VerdictAnswer> {
  const query = new URLSearchParams({ policy: POLICY_NAME, 'param.region': REGION });
  const path = `/v1/images/sha256:${image.sha256}/verdict?${query.toString()}`;
  narration.curl(`"$ASSAY_URL/v1/images/$DIGEST/verdict?policy=${POLICY_NAME}&param.region=${REGION}"`);
  return readAnswer(await service.request({ method: 'GET', path, idempotent: true }), verdictAnswer);
}

function unmetBy({ requirements }: VerdictAnswer): readonly string[] {
  return requirements.filter(({ status }) => status === 'unsatisfied' || status === 'error').map(({ id }) => id);
}

function sameWords(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((word) => others.includes(word));
}

function listed(unmet: readonly string[]): string {
  return unmet.length === 0 ? '' : ` for ${unmet.join(', ')}`;
}
