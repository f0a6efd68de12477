import { describe, expect, it } from 'vitest';
import { parametersForUnasked, parametersOfRecorded, parseImpactRequest } from './impact-request.js';
import { parsePolicy } from './parse-policy.js';
import type { PolicyDocument } from './policy-document.js';

function policy(parameters: string): PolicyDocument {
  return parsePolicy(`policy: p\nparameters: ${parameters}\nrequirements: [{id: sure, check: 'true'}]\n`, 'yaml');
}

const NONE = parsePolicy("policy: p\nrequirements: [{id: sure, check: 'true'}]\n", 'yaml');
const REGION = policy('{region: {type: string, required: true, oneOf: [eu, us]}}');
const TIER = policy('{tier: {type: integer, default: 1}}');

describe('parseImpactRequest', () => {
  it('reads the repository and parameters', () => {
    const query = new URLSearchParams('repository=registry.example.com/app&param.region=eu&param.x=1');
    expect(parseImpactRequest(query)).toEqual({
      repository: 'registry.example.com/app',
      parameters: { region: 'eu', x: '1' },
    });
    expect(parseImpactRequest(new URLSearchParams())).toEqual({ repository: null, parameters: {} });
  });

  it.each(['region=eu', 'policy=p', 'param.a=1&param.a=2'])('refuses %s', (query) => {
    expect(() => parseImpactRequest(new URLSearchParams(query))).toThrow(
      expect.objectContaining({ code: 'request_invalid' }),
    );
  });
});

describe('parametersForUnasked', () => {
  it('asks each revision with what it declares', () => {
    expect(parametersForUnasked(NONE, REGION, { region: 'eu' })).toEqual({ current: {}, candidate: { region: 'eu' } });
    expect(parametersForUnasked(REGION, NONE, { region: 'eu' })).toEqual({ current: { region: 'eu' }, candidate: {} });
  });

  it('does not ask where one of them lacks a parameter', () => {
    expect(parametersForUnasked(REGION, REGION, {})).toBeNull();
    expect(parametersForUnasked(NONE, REGION, {})).toBeNull();
    expect(parametersForUnasked(REGION, NONE, {})).toBeNull();
  });

  it('asks with a value that only the candidate admits', () => {
    const wider = policy('{region: {type: string, required: true, oneOf: [eu, us, ap]}}');
    expect(parametersForUnasked(REGION, wider, { region: 'ap' })).not.toBeNull();
  });

  it.each<Record<string, string>>([{ region: 'moon' }, { region: 'eu', planet: 'earth' }])('refuses %o', (given) => {
    expect(() => parametersForUnasked(REGION, REGION, given)).toThrow(
      expect.objectContaining({ code: 'parameter_invalid' }),
    );
  });
});

describe('parametersOfRecorded', () => {
  it('asks the candidate what was asked, before what is given', () => {
    expect(parametersOfRecorded(REGION, REGION, { region: 'eu' }, { region: 'us' })).toEqual({
      current: { region: 'eu' },
      candidate: { region: 'eu' },
    });
    expect(parametersOfRecorded(NONE, REGION, {}, { region: 'us', other: 'x' }).candidate).toEqual({ region: 'us' });
  });

  it('leaves out a default that the candidate no longer declares, and nothing else', () => {
    expect(parametersOfRecorded(TIER, NONE, { tier: 1 }, {}).candidate).toEqual({});
    expect(parametersOfRecorded(TIER, NONE, { tier: 2 }, {}).candidate).toEqual({ tier: 2 });
    expect(parametersOfRecorded(TIER, TIER, { tier: 1 }, {}).candidate).toEqual({ tier: 1 });
  });
});
