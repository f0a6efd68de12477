import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const documents = ['.', 'docs', 'docs/adr', 'bench'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** Linked to, and still being written. */
const AWAITED = [join('docs', 'policy.md')];

/** Links of the text to other files or places of this project. */
function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));
}

/** The names under which a reader can link to the headings of a document, as GitHub makes them. */
function placesOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documents', () => {
  it.each(documents)('%s links to what is there', (name) => {
    const text = readFileSync(join(ROOT, name), 'utf8');
    for (const link of linksOf(text)) {
      const [file = '', place] = link.split('#');
      const target = file === '' ? name : join(dirname(name), file);
      if (AWAITED.includes(target)) continue;
      expect(existsSync(join(ROOT, target)), `${name} links to ${target}`).toBe(true);
      if (place !== undefined) expect(placesOf(readFileSync(join(ROOT, target), 'utf8'))).toContain(place);
    }
  });
});
