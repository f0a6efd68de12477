import { describe, expect, it } from 'vitest';
import { timestampResponse } from './timestamp-response.js';

/** DER of a sequence, its length in as many bytes as it takes. */
function sequence(...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const hex = content.length.toString(16);
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const header = content.length < 0x80 ? length : Buffer.concat([Buffer.from([0x80 + length.length]), length]);
  return Buffer.concat([Buffer.from([0x30]), header, content]);
}

const oid = Buffer.from([0x06, 1, 42]);
const granted = sequence(Buffer.from([2, 1, 0]));

describe('timestampResponse', () => {
  it.each([0, 100, 117, 118, 124, 200, 250, 300, 70_000])(
    'adds the status to a token with %i bytes of content',
    (size) => {
      const token = sequence(oid, Buffer.alloc(size, 5));
      expect(timestampResponse(token)).toEqual(sequence(granted, token));
    },
  );

  it('leaves a response as it is, and what is neither', () => {
    const response = sequence(granted, sequence(oid));
    for (const der of [
      response,
      Buffer.alloc(0),
      Buffer.from([0x30]),
      Buffer.from('text'),
      sequence(Buffer.from([5, 0])),
    ]) {
      expect(timestampResponse(der)).toEqual(der);
    }
  });
});
