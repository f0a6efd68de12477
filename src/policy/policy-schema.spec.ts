import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from './parse-policy.js';
import { ACCEPTED, REFUSED } from './policy-documents.fixture.js';
import { PolicyFault } from './policy-fault.js';
import { policySchema } from './policy-schema.js';

const validate = new Ajv2020({ strict: true, allErrors: true }).compile(policySchema());

describe('the published schema and the reading of documents agree', () => {
  it.each(Object.entries(ACCEPTED))('to accept %s', (_name, document) => {
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(parsePolicy(JSON.stringify(document), 'json')).toEqual(document);
  });

  it.each(Object.entries(REFUSED))('to refuse %s', (_name, [document, path]) => {
    expect(validate(document)).toBe(false);
    const fault = faultOf(document);
    expect(fault.code).toBe('policy_malformed');
    expect(fault.errors.map((error) => error.path)).toContain(path);
  });
});

function faultOf(document: unknown): PolicyFault {
  try {
    parsePolicy(JSON.stringify(document), 'json');
  } catch (error) {
    if (error instanceof PolicyFault) return error;
    throw error;
  }
  throw new Error('the document was accepted');
}
