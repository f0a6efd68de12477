import { describe, expect, it } from 'vitest';
import { prefersType } from './preferred-type.js';

describe('prefersType', () => {
  it.each([
    ['text/event-stream', true],
    ['Text/Event-Stream; q=0.5', true],
    ['application/json, text/event-stream', true],
    ['application/json, text/event-stream;q=0.9', false],
    ['text/event-stream;q=0', false],
    ['text/event-stream;q=2', false],
    ['*/*', false],
    ['application/json', false],
    [undefined, false],
  ])('%s: %s', (accept, prefers) => {
    expect(prefersType(accept, 'text/event-stream')).toBe(prefers);
  });
});
