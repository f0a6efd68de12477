import { describe, expect, it } from 'vitest';
import { parseNameValues } from './name-values.js';

describe('parseNameValues', () => {
  it('keeps everything behind the first equals sign', () => {
    const values = parseNameValues('--param', ['region=eu-west1', 'query=a=b', 'empty=']);
    expect([...values]).toEqual([
      ['region', 'eu-west1'],
      ['query', 'a=b'],
      ['empty', ''],
    ]);
  });

  it.each([['region'], ['=eu-west1']])('refuses %s', (text) => {
    expect(() => parseNameValues('--param', [text])).toThrow('--param takes NAME=VALUE');
  });

  it('refuses a name that is given twice rather than choosing', () => {
    expect(() => parseNameValues('--param', ['a=1', 'a=2'])).toThrow('given twice');
  });
});
