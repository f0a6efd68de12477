import { describe, expect, it } from 'vitest';
import { eventText, heartbeatText, retryText } from './event-stream.js';

describe('a stream of events', () => {
  it('has each event on three lines and an empty one, whatever its data hold', () => {
    const data = { text: 'a\nb\r\nc\u2028d', id: 'x' };
    const text = eventText({ id: 7, event: 'verdict.recorded', data });
    const [id, event, line, ...rest] = text.split('\n');
    expect([id, event, ...rest]).toEqual(['id: 7', 'event: verdict.recorded', '', '']);
    expect(JSON.parse(line!.slice('data: '.length))).toEqual(data);
  });

  it('has heartbeats that dispatch nothing, and may name how far the reader has come', () => {
    expect(heartbeatText(null)).toBe(':\n\n');
    expect(heartbeatText(9)).toBe(':\nid: 9\n\n');
  });

  it('says when to come back', () => {
    expect(retryText(3_000)).toBe('retry: 3000\n\n');
  });
});
