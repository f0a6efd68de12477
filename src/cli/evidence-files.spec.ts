import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { readEvidence } from './evidence-files.js';

const directory = mkdtempSync(join(tmpdir(), 'assay-evidence-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function read(...files: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const evidence = await readEvidence(files, Readable.from([Buffer.from('{"from"'), Buffer.from(':"stdin"}')]));
  return evidence.map(({ source, bytes }) => [source, Buffer.from(bytes).toString('utf8')]);
}

describe('readEvidence', () => {
  it('takes a file exactly as it is, its last line break included', async () => {
    const path = file('scan.json', ' {"a": 1}\r\n');
    expect(await read(path)).toEqual([[path, ' {"a": 1}\r\n']]);
  });

  it('takes each line of a .jsonl file for one, and says which line it was', async () => {
    const path = file('all.intoto.jsonl', '{"a":1}\n\n{"b":2}\n  \n{"c":3}');
    expect(await read(path)).toEqual([
      [`${path}:1`, '{"a":1}'],
      [`${path}:3`, '{"b":2}'],
      [`${path}:5`, '{"c":3}'],
    ]);
  });

  it('reads standard input for -, once', async () => {
    expect(await read('-')).toEqual([['-', '{"from":"stdin"}']]);
    await expect(read('-', '-')).rejects.toThrow('only once');
  });

  it('refuses a file that cannot be read or holds nothing, so that no pipeline posts it and thinks it did', async () => {
    await expect(read(join(directory, 'absent.json'))).rejects.toThrow('absent.json cannot be read');
    await expect(read(file('empty.json', ''))).rejects.toThrow('holds nothing to post');
    await expect(read(file('empty.jsonl', '\n \n'))).rejects.toThrow('holds nothing to post');
  });
});
