import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import { errorCodes } from 'fastify';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError, type ErrorKind } from './app-error.js';
import { toProblem } from './problem.js';

describe('toProblem', () => {
  it('shows an AppError under the status of its kind, with code, detail, request id and faulty places', () => {
    const errors = [{ path: 'signatures[0].sig', message: 'is not base64' }];
    expect(toProblem(new AppError('malformed', 'envelope_malformed', 'one fault', { errors }), 'r-1')).toEqual({
      status: 400,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
      body: {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        code: 'envelope_malformed',
        detail: 'one fault',
        requestId: 'r-1',
        errors,
      },
    });
  });

  it.each<[ErrorKind, number]>([
    ['malformed', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not_found', 404],
    ['conflict', 409],
    ['precondition_failed', 412],
    ['too_large', 413],
    ['unsupported', 415],
    ['too_many', 429],
    ['overloaded', 503],
  ])('answers %s with %i', (kind, status) => {
    expect(toProblem(new AppError(kind, 'a_code', 'why'), 'r')).toMatchObject({ status, body: { status } });
  });

  it('says when to come back, and how to authenticate', () => {
    const overloaded = new AppError('overloaded', 'overloaded', 'busy', { retryAfterSeconds: 3 });
    expect(toProblem(overloaded, 'r').headers).toMatchObject({ 'retry-after': '3' });
    const unauthenticated = new AppError('unauthenticated', 'token_invalid', 'no');
    expect(toProblem(unauthenticated, 'r').headers).toMatchObject({ 'www-authenticate': 'Bearer realm="assay"' });
  });

  it('never shows what a malfunction says, its cause, or a failed check of our own data', () => {
    const zodError = z.object({ secret: z.number() }).safeParse({ secret: 'hunter2' }).error;
    const malfunctions = [
      new Error('password hunter2'),
      'hunter2',
      null,
      zodError,
      new HttpException('hunter2', 500),
      Object.assign(new Error('hunter2'), { statusCode: 404 }),
    ];
    for (const error of malfunctions) {
      const { status, body } = toProblem(error, 'r');
      expect(status).toBe(500);
      expect(body.code).toBe('internal_error');
      expect(JSON.stringify(body)).not.toContain('hunter2');
    }
    const withCause = new AppError('conflict', 'taken', 'is taken', { cause: new Error('hunter2') });
    expect(JSON.stringify(toProblem(withCause, 'r'))).not.toContain('hunter2');
  });

  it('calls it overload where there was no connection to the database in time', () => {
    const waited = new Error('timeout exceeded when trying to connect');
    const unmade = new Error('Connection terminated due to connection timeout', { cause: new Error('hunter2') });
    const refused = Object.assign(new Error('sorry, too many clients already'), { code: '53300' });
    const errors = [waited, unmade, refused, new Error('read', { cause: waited }), { driverError: refused }];
    for (const error of errors) {
      const { status, headers, body } = toProblem(error, 'r');
      expect([status, body.code, headers['retry-after']]).toEqual([503, 'overloaded', '2']);
      expect(JSON.stringify(body)).not.toMatch(/hunter2|clients/);
    }
  });

  it('has codes of its own for what the framework finds wrong', () => {
    const tooLarge = new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
    const cases: [unknown, number, string][] = [
      [new NotFoundException('Cannot GET /x'), 404, 'route_not_found'],
      [new HttpException('', 405), 405, 'method_not_allowed'],
      [tooLarge, 413, 'body_too_large'],
      [new HttpException('mapped', 413, { cause: tooLarge }), 413, 'body_too_large'],
      [new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE('text/css'), 415, 'content_type_unsupported'],
      [new errorCodes.FST_ERR_BAD_URL('/%'), 400, 'request_invalid'],
      [new BadRequestException('anything'), 400, 'request_invalid'],
      [new HttpException('', 503), 503, 'overloaded'],
    ];
    for (const [error, status, code] of cases) {
      expect(toProblem(error, 'r')).toMatchObject({ status, body: { status, code } });
    }
  });
});
