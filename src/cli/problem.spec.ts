import { describe, expect, it } from 'vitest';
import { parseProblem, problemLines } from './problem.js';

const document = {
  type: 'about:blank',
  title: 'Bad Request',
  status: 400,
  code: 'statement_malformed',
  detail: 'the statement is malformed',
  requestId: 'r-1',
  errors: [
    { path: 'subject[0].digest', message: 'must hold a digest' },
    { path: '', message: 'must be an object' },
  ],
};

describe('problemLines', () => {
  it('says what is wrong, why, and every faulty place with its path', () => {
    expect(problemLines(parseProblem(400, JSON.stringify(document)))).toEqual([
      'Bad Request (400 statement_malformed)',
      '  the statement is malformed',
      '  subject[0].digest: must hold a digest',
      '  must be an object',
    ]);
  });

  it('names line and column where the problem does, and says nothing twice', () => {
    const errors = [{ path: 'mode', message: 'expected enforce', line: 3, column: 7 }];
    const detail = 'mode: expected enforce (line 3, column 7)';
    expect(problemLines(parseProblem(400, JSON.stringify({ title: 'Bad Request', detail, errors })))).toEqual([
      'Bad Request (400)',
      '  mode: expected enforce (line 3, column 7)',
    ]);
  });

  it('gives the request id of a malfunction, under which it was logged', () => {
    const body = JSON.stringify({ title: 'Internal Server Error', requestId: 'r-2' });
    expect(problemLines(parseProblem(500, body))).toEqual(['Internal Server Error (500)', '  request r-2']);
  });

  it.each(['<html>Bad gateway</html>', '"text"', '', '{"title": 7}'])('still tells the status of %j', (body) => {
    expect(problemLines(parseProblem(502, body))).toEqual(['the service answered 502 (502)']);
  });
});
