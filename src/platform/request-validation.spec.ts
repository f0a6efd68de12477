import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from './app-error.js';
import { parseJsonBody } from './json-body.js';
import { validateRequest } from './request-validation.js';

async function refusal(action: () => unknown): Promise<AppError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof AppError && error.kind === 'malformed') return error;
    throw error;
  }
  throw new Error('was taken');
}

describe('validateRequest', () => {
  const schema = z.strictObject({ keys: z.array(z.object({ id: z.string() })), 'a b': z.number().optional() });

  it('gives the value as the schema gives it', async () => {
    await expect(validateRequest(z.coerce.number(), '7', 'query')).resolves.toBe(7);
  });

  it('lists every fault with its path', async () => {
    const error = await refusal(() => validateRequest(schema, { keys: [{ id: 1 }, {}], 'a b': 'x', z: 1 }, 'body'));
    expect(error.code).toBe('request_invalid');
    expect(error.errors?.map(({ path }) => path)).toEqual(['keys[0].id', 'keys[1].id', '["a b"]', '']);
  });

  it('says of a query parameter that it is one', async () => {
    const error = await refusal(() => validateRequest(z.object({ limit: z.number() }), {}, 'query'));
    expect(error.errors?.[0]?.path).toBe('query.limit');
  });

  it('answers with a bounded list however many faults there are', async () => {
    const error = await refusal(() => validateRequest(z.array(z.string()), new Array(10_000).fill(1), 'body'));
    expect(error.errors).toHaveLength(50);
  });
});

describe('parseJsonBody', () => {
  const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));

  it('reads JSON', () => {
    expect(parse(' {"a": [1, "]]]{{{\\"", null]} ')).toEqual({ a: [1, ']]]{{{"', null] });
  });

  it.each([
    ['nothing', ''],
    ['half an object', '{"a":'],
    ['JavaScript', '{a: 1}'],
    ['two values', '1 2'],
    ['a byte order mark', '\ufeff{}'],
    ['a member __proto__', '{"a":[{"__proto__":{"admin":true}}]}'],
    ['a member __proto__ in escapes', '{"\\u005f_pro\\u0074o__":1}'],
    ['a member that stands twice', '{"roles":["auditor"],"roles":["admin"]}'],
    ['a member that stands twice, once in escapes', '{"a":[{"policy":1,"p\\u006flicy":2}]}'],
    ['U+0000 in a text', '{"cluster":"eu\\u0000"}'],
    ['U+0000 in a name', '{"a\\u0000":1}'],
    ['half of a surrogate pair', '[["\\ud800"]]'],
    ['too many levels', '['.repeat(101) + ']'.repeat(101)],
  ])('refuses %s', async (_, text) => {
    expect((await refusal(() => parse(text))).code).toBe('json_malformed');
  });

  it('says so where there is a document on every line', async () => {
    const several = /holds several documents, one per line; send each in a request of its own/;
    expect((await refusal(() => parse('{"a":1}\n{"b":[2]}\n'))).message).toMatch(several);
    for (const text of ['{"a":1}\n{"b":', '{"a":1\n}', '{"a":1}{"b":2}']) {
      expect((await refusal(() => parse(`${text}\n}`))).message).toMatch(/is not well-formed/);
    }
  });

  it('refuses bytes that are not UTF-8', async () => {
    expect((await refusal(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22])))).code).toBe('json_malformed');
  });

  it('reads members of one name in different objects, and colons in texts', () => {
    const text = '{"a":{"a":[{"a":":"},{"a":"\\":"}]},"b":"\\ud83d\\ude00"}';
    expect(parse(text)).toEqual({ a: { a: [{ a: ':' }, { a: '":' }] }, b: '\u{1f600}' });
  });

  it('takes __proto__ as a mere value', () => {
    expect(parse('{"name":"__proto__"}')).toEqual({ name: '__proto__' });
  });

  it('refuses a million open brackets as the caller’s fault', async () => {
    expect((await refusal(() => parse('['.repeat(1_000_000)))).code).toBe('json_malformed');
  });
});
