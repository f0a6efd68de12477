import { expect } from 'vitest';
import { ERROR_CODES } from '../../src/error-codes.js';
import type { Answer } from './api.js';

/** What a refusal must look like to whoever sent the request. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** Where the faults are, in this order; not looked at where it is left out. */
  readonly paths?: readonly string[];
}

/** Holds an answer to RFC 9457 and to the API's own description, and to be this refusal. */
export function expectRefused(answer: Answer, { status, code, paths }: Refusal): void {
  const { body, headers, text } = answer;
  expect({ status: answer.status, code: body.code, text }).toMatchObject({ status, code });
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({ type: 'about:blank', title: expect.stringMatching(/./), status });
  expect(body.detail).toEqual(expect.stringMatching(/./));
  expect(Object.keys(ERROR_CODES)).toContain(body.code);
  expect(body.requestId).toBe(headers.get('x-request-id'));
  if (paths !== undefined) expect((body.errors ?? []).map(({ path }: { path: string }) => path)).toEqual(paths);
}
