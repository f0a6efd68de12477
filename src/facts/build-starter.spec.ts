import { describe, expect, it } from 'vitest';
import { deriveFacts } from './derive-facts.js';
import type { BuildFact } from './fact.js';

function startedBy(predicateType: string, predicate: object): BuildFact['startedBy'] {
  return (deriveFacts(predicateType, predicate)[0]!.content as BuildFact).startedBy;
}

const builder = { id: 'https://ci.example/builder' };

function v02(environment: unknown): BuildFact['startedBy'] {
  return startedBy('https://slsa.dev/provenance/v0.2', { builder, buildType: 'x', invocation: { environment } });
}

function v1(internalParameters: unknown): BuildFact['startedBy'] {
  const buildDefinition = { buildType: 'x', externalParameters: {}, internalParameters };
  return startedBy('https://slsa.dev/provenance/v1', { buildDefinition, runDetails: { builder } });
}

describe('whoever started a build', () => {
  it('is named by the environment of SLSA v0.2, once though it is several times', () => {
    const payload = { sender: { login: 'octo' } };
    expect(v02({ github_actor: 'octo', github_triggering_actor: 'hubot', github_event_payload: payload })).toEqual([
      'hubot',
      'octo',
    ]);
  });

  it('is named by the internal parameters of SLSA v1', () => {
    expect(v1({ GITHUB_ACTOR_ID: '49289', GITHUB_EVENT_PAYLOAD: { sender: { login: 'octo' } } })).toEqual(['octo']);
    expect(v1({ GITLAB_USER_LOGIN: 'mona' })).toEqual(['mona']);
  });

  it('is named by the environment of SLSA v0.1', () => {
    const predicate = { builder, recipe: { type: 'x', environment: { GITHUB_ACTOR: 'octo' } } };
    expect(startedBy('https://in-toto.io/Provenance/v0.1', predicate)).toEqual(['octo']);
  });

  it.each([null, 'octo', [], { github_actor: 1 }, { github_actor: '' }, { github_event_payload: 'x' }, { actor: 'x' }])(
    'is nobody where it says %j',
    (environment) => {
      expect(v02(environment)).toBeUndefined();
      expect(v1(environment)).toBeUndefined();
    },
  );
});
