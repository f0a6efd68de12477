import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.js';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  write(createLogger('info', destination));
  return JSON.parse(text) as Record<string, unknown>;
}

describe('the log', () => {
  it('tells an error with its code and causes, and nothing that a driver hung on it', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new Error('query failed', { cause }), { parameters: ['hunter2'], query: 'select 1' });
    const line = logged((logger) => {
      logger.error({ err: error }, 'failed');
    });
    expect(line).toMatchObject({
      level: 'error',
      message: 'failed',
      err: { name: 'Error', message: 'query failed', cause: { message: 'refused', code: 'ECONNREFUSED' } },
    });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('never holds credentials', () => {
    const line = logged((logger) => {
      logger.info({ authorization: 'Bearer hunter2', headers: { authorization: 'hunter2' }, token: 'hunter2' });
    });
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });

  it('ends with the causes of an error that is its own', () => {
    const error = new Error('round');
    error.cause = error;
    expect(
      logged((logger) => {
        logger.info({ err: error });
      }),
    ).toHaveProperty('err.cause.cause.message', 'round');
  });
});
