import { describe, expect, it } from 'vitest';
import { acceptsEnvelope } from './accept-envelope.js';

describe('acceptsEnvelope', () => {
  it.each([
    'application/vnd.in-toto+dsse',
    'Application/VND.in-toto+DSSE',
    'application/vnd.in-toto+dsse, */*;q=0.1',
    'application/json;q=0.5, application/vnd.in-toto+dsse;q=0.9',
    'application/json, application/vnd.in-toto+dsse',
  ])('takes %s for a wish for the envelope', (accept) => {
    expect(acceptsEnvelope(accept)).toBe(true);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'application/*',
    'application/json',
    'application/vnd.in-toto+dsse;q=0',
    'application/vnd.in-toto+dsse;q=0.1, application/json',
    'application/vnd.in-toto+dsse;q=much',
    'application/vnd.in-toto+dssex',
  ])('takes %s for a wish for JSON', (accept) => {
    expect(acceptsEnvelope(accept)).toBe(false);
  });
});
