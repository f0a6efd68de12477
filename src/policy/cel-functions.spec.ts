import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { Json } from '../facts/fact.js';
import { CelEngine } from './cel.js';
import type { CelAnswer } from './cel-batch.js';
import { DOMAIN_FUNCTIONS } from './cel-functions.js';
import { CelFault, EVIDENCE_CHECK_VARIABLES, parseCel } from './cel-expression.js';

const engine = new CelEngine({
  evaluationMilliseconds: 30_000,
  heldMilliseconds: 60_000,
  waitMilliseconds: 30_000,
  startMilliseconds: 30_000,
  memoryMegabytes: 512,
});
afterAll(() => engine.close());

async function answers(expressions: readonly string[], predicate: Json = {}): Promise<readonly CelAnswer[]> {
  for (const source of expressions) parseCel(source, EVIDENCE_CHECK_VARIABLES);
  return engine.answer({
    policy: 'p',
    now: '2026-11-23T12:00:00.000Z',
    params: {},
    image: {},
    subjects: [{ fact: {}, predicate, attestation: {} }],
    questions: expressions.map((expression) => ({ expression, subject: 0, guard: null })),
  });
}

async function allHold(expressions: readonly string[], predicate: Json = {}): Promise<void> {
  expect(await answers(expressions, predicate)).toEqual(expressions.map(() => ({ holds: true })));
}

function reasonsOf(source: string): readonly string[] {
  try {
    parseCel(source, EVIDENCE_CHECK_VARIABLES);
  } catch (error) {
    if (error instanceof CelFault) return error.reasons;
    throw error;
  }
  return [];
}

describe('functions of expressions', () => {
  it('compare semantic versions', async () => {
    await allHold(
      [
        'semver.atLeast(predicate.version, "1.10.0")',
        '!semver.atLeast("1.10.0-rc.1", "1.10.0")',
        'semver.compare("1.2.3", "1.2.10") == -1',
        'semver.compare(predicate.version, "1.10.0") == 0',
        'semver.compare("2.0.0", predicate.version) > 0',
        '["1.10.1"].all(semver, semver.atLeast(semver, "1.10.0"))',
        '.semver.atLeast(predicate.version, "1.0.0")',
      ],
      { version: '1.10.0' },
    );
  });

  it('match package URLs as far as the pattern says', async () => {
    await allHold(
      [
        'purl.matches("pkg:npm/lodash", predicate.purl)',
        'purl.matches("pkg:npm/lodash@4.17.21", predicate.purl)',
        '!purl.matches("pkg:npm/lodash@4.17.20", predicate.purl)',
        '!purl.matches("pkg:pypi/lodash", predicate.purl)',
        'predicate.components.exists(c, purl.matches("pkg:npm/lodash", c.purl))',
      ],
      { purl: 'pkg:npm/lodash@4.17.21', components: [{ purl: 'pkg:npm/a@1' }, { purl: 'pkg:npm/lodash@4.17.21' }] },
    );
  });

  it('score CVSS vectors', async () => {
    await allHold(
      [
        'cvss.score(predicate.vector) == 9.8',
        'cvss.score(predicate.vector) > 7',
        'cvss.score("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N") == 9.3',
      ],
      { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
    );
  });

  it('match globs, anchored, with a star that stays within its segment', async () => {
    await allHold(
      [
        'glob("refs/tags/v*", predicate.ref)',
        '!glob("tags/v*", predicate.ref)',
        '!glob("refs/*", predicate.ref)',
        'glob("refs/**", predicate.ref)',
        'glob("refs/" + "**", predicate.ref)',
      ],
      { ref: 'refs/tags/v1.4.2' },
    );
  });

  it('read durations and times as policies and evidence write them', async () => {
    await allHold(
      [
        'duration.parse("7d") == duration("168h")',
        'duration.parse("P1DT12H") == duration("36h")',
        'now - timestamp.parse(predicate.at) < duration.parse("2d")',
        'timestamp.parse(predicate.at) == timestamp("2026-11-22T10:00:00Z")',
      ],
      { at: '2026-11-22T12:00:00.000000001+02:00' },
    );
  });

  it.each([
    ['semver.atLeast(predicate.text, "1.0.0")', 'semver.atLeast: version: expected a semantic version'],
    ['!semver.atLeast(predicate.text, "1.0.0")', 'semver.atLeast: version: expected a semantic version'],
    ['purl.matches("pkg:npm/a", predicate.text)', 'purl.matches: purl: expected a package URL'],
    ['!purl.matches(predicate.text, "pkg:npm/a")', 'purl.matches: pattern: expected a package URL'],
    ['cvss.score(predicate.text) < 7.0', 'cvss.score: vector: expected a CVSS vector'],
    ['duration.parse(predicate.text) < duration("1h")', 'duration.parse: text: not a duration'],
    ['timestamp.parse(predicate.text) < now', 'timestamp.parse: text: must be an RFC 3339 time'],
    ['semver.atLeast(predicate.number, "1.0.0")', 'atLeast'],
    ['semver.atLeast(predicate.absent, "1.0.0")', 'absent'],
    ['glob("*", predicate.nothing)', 'glob'],
  ])('answer what they cannot take by an error: %s', async (expression, reason) => {
    const predicate = { text: 'v1.0', number: 1, nothing: null };
    expect(await answers([expression], predicate)).toEqual([{ error: expect.stringContaining(reason) as string }]);
  });

  it('and those of the standard serve for bills of materials of 50,000 components', async () => {
    const components = Array.from({ length: 50_000 }, (_, index) => ({
      purl: index % 1000 === 0 ? `pkg:npm/lodash@4.17.${21 + index}` : `pkg:npm/%40scope/package-${index}@1.0.0`,
      version: index % 1000 === 0 ? `4.17.${21 + index}` : '1.0.0',
    }));
    await allHold(
      [
        'predicate.filter(c, c.purl != null && purl.matches("pkg:npm/lodash", c.purl)).all(c, semver.atLeast(c.version, "4.17.21"))',
        'predicate.filter(c, c.purl != null).all(c, c.version != "")',
        'predicate.filter(c, c.purl != null)[49999].version == "1.0.0"',
        'predicate.map(c, c.purl).exists(purl, purl == "pkg:npm/%40scope/package-49999@1.0.0")',
        'predicate.map(c, c.version) + ["end"] != predicate.map(c, c.version) && size(predicate.map(c, c.purl) + [""]) == 50001',
      ],
      components,
    );
  }, 60_000);

  it('and lists put together hold what was put together, in its order', async () => {
    await allHold(
      [
        '[1] + [2, 3] == [1, 2, 3] && [] + [] == [] && [1] + [] == [1] && [] + [1] == [1]',
        'predicate.map(n, n * 2) == predicate.map(n, n + n)',
        'predicate.map(n, n) == predicate && predicate.map(n, n) + predicate.map(n, n) == predicate + predicate',
        'predicate.map(n, predicate.filter(m, m < n).size()) == predicate',
        'predicate.filter(n, n % 2 == 0).map(n, n / 2) == predicate.filter(n, n < 100)',
      ],
      Array.from({ length: 200 }, (_, index) => index),
    );
  });

  it('are each documented by an example that holds', async () => {
    const page = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-zA-Z.]+)\([a-z, ]+\)` .*\| `([^|]+)` +\|$/gm)];
    expect(rows.map(([, name]) => name).sort()).toEqual(DOMAIN_FUNCTIONS.map(({ name }) => name).sort());
    await allHold(rows.map(([, , example]) => example ?? ''));
  });

  it('hold what they are given to a size, and are done with it at once', async () => {
    const huge = 'a'.repeat(1_000_000);
    const versions = `1.0.0-${'0.'.repeat(400_000)}!`;
    const started = performance.now();
    const given = await answers(
      [
        'glob("*a*a*a*a*a*b", predicate.huge)',
        'glob(predicate.huge, "a")',
        'semver.atLeast(predicate.versions, "1.0.0")',
        'purl.matches("pkg:npm/a", "pkg:npm/" + predicate.huge)',
        'cvss.score("CVSS:3.1/" + predicate.huge) < 7.0',
        'duration.parse(predicate.huge) < duration("1h")',
        'timestamp.parse(predicate.huge) < now',
      ],
      { huge, versions },
    );
    expect(given).toEqual(given.map(() => ({ error: expect.stringContaining('expected') as string })));
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('match the worst globs that they take in a time that is no matter', async () => {
    const hostile = { pattern: `${'**a'.repeat(85)}b`, stars: '*'.repeat(256), text: 'a'.repeat(2048) };
    await answers(['true']);
    const started = performance.now();
    const expressions = ['!glob(predicate.pattern, predicate.text)', 'glob(predicate.stars, predicate.text)'];
    await allHold(expressions, hostile);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('calls of functions, when a policy is published', () => {
  it.each([
    ['semver.atLeast(predicate.version)', 'semver.atLeast takes version and least'],
    ['glob("a", "b", "c")', 'glob takes pattern and text'],
    ['cvss.score()  > 1.0', 'cvss.score takes vector'],
    ['semver.atLeast(predicate.version, "1.2")', 'semver.atLeast: least: expected a semantic version'],
    ['semver.atLeast(predicate.version, 1)', 'semver.atLeast: least: expected a text and not a int'],
    ['purl.matches("lodash", predicate.purl)', 'purl.matches: pattern: expected a package URL'],
    ['glob("*", ["a"])', 'glob: text: expected a text and not a list'],
    ['glob("*", cvss.score(predicate.vector))', 'glob: text: expected a text and not a double'],
    ['now - duration.parse("1 day") > now', 'duration.parse: text: not a duration'],
    ['timestamp.parse(now - duration("1h")) == now && glob("*", size(predicate.a))', 'glob: text: expected a text'],
    ['semver.newest(predicate.version) == "1"', 'there is no function newest'],
    ['predicate.version.semver("1")', 'there is no function semver'],
    [`glob("${'*'.repeat(257)}", "a")`, 'expected at most 256 characters'],
  ])('are refused where they cannot be right: %s', (source, reason) => {
    expect(reasonsOf(source).join('; ')).toContain(reason);
  });

  it('still tell which variables and parameters are spoken of', () => {
    const read = parseCel('semver.atLeast(predicate.version, params.least)', EVIDENCE_CHECK_VARIABLES);
    expect([...read.variables].sort()).toEqual(['params', 'predicate']);
    expect([...read.parameters]).toEqual(['least']);
  });
});
