import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { FactContent, SbomFact, VexFact } from '../fact.js';

const TYPE = 'https://cyclonedx.org/bom';

const COMPONENTS = [
  {
    type: 'library',
    'bom-ref': 'core',
    group: '@angular',
    name: 'core',
    version: '17.0.0',
    purl: 'pkg:npm/@angular/core@17.0.0',
    licenses: [{ license: { id: 'MIT' } }, { license: { name: 'Acme EULA' } }],
    components: [{ type: 'library', name: 'inner', version: '1' }],
  },
  {
    type: 'library',
    'bom-ref': 'ssl',
    name: 'libssl3',
    version: '3.0.15',
    purl: 'pkg:deb/debian/libssl3@3.0.15?arch=amd64',
  },
  { type: 'library', name: 'odd', purl: 'not a purl', licenses: [{ expression: 'MIT OR Apache-2.0' }] },
];

function bom(changes: object = {}): object {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
    version: 1,
    metadata: {
      timestamp: '2026-11-23T10:00:00Z',
      component: {
        type: 'container',
        'bom-ref': 'image',
        name: 'acme/app',
        version: '1',
        purl: 'pkg:oci/app@sha256%3Aab',
      },
    },
    components: COMPONENTS,
    ...changes,
  };
}

function analysed(analysis: object, changes: object = {}): object {
  return { id: 'CVE-2026-1', affects: [{ ref: 'ssl' }], analysis, ...changes };
}

function contents(predicate: unknown, type = TYPE): readonly FactContent[] {
  return deriveFacts(type, predicate).map(({ content }) => content);
}

function sbom(predicate: unknown): SbomFact {
  return contents(predicate).find(({ kind }) => kind === 'sbom') as SbomFact;
}

function vex(vulnerabilities: readonly object[], changes: object = {}): VexFact {
  return contents(bom({ vulnerabilities, ...changes })).find(({ kind }) => kind === 'vex') as VexFact;
}

describe('CycloneDX', () => {
  it.each([[TYPE], [`${TYPE}/v1.6`], [`${TYPE}/v1.4`]])('reads %s', (type) => {
    expect(deriveFacts(type, bom())).toEqual([
      {
        predicateType: type,
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'sbom',
          format: 'cyclonedx',
          specVersion: '1.6',
          components: [
            {
              name: '@angular/core',
              version: '17.0.0',
              purl: 'pkg:npm/%40angular/core@17.0.0',
              licences: ['MIT', 'Acme EULA'],
            },
            { name: 'inner', version: '1', purl: null, licences: [] },
            { name: 'libssl3', version: '3.0.15', purl: 'pkg:deb/debian/libssl3@3.0.15?arch=amd64', licences: [] },
            { name: 'odd', version: null, purl: null, licences: ['MIT OR Apache-2.0'] },
          ],
          counts: { components: 4, withoutPurl: 2, withoutLicence: 2 },
        },
      },
    ]);
  });

  it.each([['1.2'], ['1.3'], ['1.4'], ['1.5'], ['1.6'], ['1.7']])('reads version %s', (specVersion) => {
    const components = [{ type: 'library', name: 'a', version: '1' }];
    expect(sbom(bom({ specVersion, components }))).toMatchObject({ specVersion, counts: { components: 1 } });
  });

  it('reads a document that old attestations hold as text, or under Data', () => {
    const expected = sbom(bom());
    expect(sbom(JSON.stringify(bom()))).toEqual(expected);
    expect(sbom({ Data: bom(), Timestamp: '2022-01-01T00:00:00Z' })).toEqual(expected);
    expect(sbom({ Data: JSON.stringify(bom()) })).toEqual(expected);
  });

  it('counts what is part of the artifact itself, and not the artifact', () => {
    const metadata = { component: { type: 'application', name: 'app', components: [{ type: 'library', name: 'in' }] } };
    expect(sbom(bom({ metadata, components: [] })).components.map(({ name }) => name)).toEqual(['in']);
  });

  it('keeps components within one another however deep they are', () => {
    let nested: object = { type: 'library', name: 'c0' };
    for (let depth = 1; depth < 100; depth++) nested = { type: 'library', name: `c${depth}`, components: [nested] };
    expect(sbom(bom({ components: [nested] })).counts.components).toBe(100);
  });

  it.each([
    ['an empty object', {}, 'specVersion'],
    ['another format', bom({ bomFormat: 'SPDX' }), 'bomFormat'],
    ['a version that is not read', bom({ specVersion: '1.1' }), 'specVersion'],
    ['a version that is none', bom({ specVersion: 1.6 }), 'specVersion'],
    ['components in an object', bom({ components: {} }), 'components'],
    ['a component without name', bom({ components: [{ type: 'library' }] }), 'components[0]'],
    ['a component of no type', bom({ components: [{ name: 'a' }] }), 'components[0]'],
    [
      'a licence nobody knows by its id',
      bom({ components: [{ type: 'library', name: 'a', licenses: [{ license: { id: 'Acme' } }] }] }),
      'components[0].licenses[0].license.id',
    ],
    [
      'a component in a component without name',
      bom({ components: [{ type: 'library', name: 'a', components: [{ type: 'library' }] }] }),
      'components[0].components[0]',
    ],
    ['a time that is none', bom({ metadata: { timestamp: 'today' } }), 'metadata.timestamp'],
    ['text that is no JSON', '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>', ''],
    ['text in which a name stands twice', '{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}', ''],
    ['text that is a list', '[]', ''],
  ])('refuses %s', (_what, predicate, path) => {
    expect(() => contents(predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });
});

describe('vulnerabilities in CycloneDX', () => {
  it('are a VEX fact beside the SBOM where they are analysed', () => {
    const vulnerability = analysed(
      {
        state: 'not_affected',
        justification: 'code_not_reachable',
        detail: 'never called',
        lastUpdated: '2026-11-20T10:00:00Z',
      },
      { references: [{ id: 'GHSA-aaaa-bbbb-cccc', source: { name: 'GitHub' } }] },
    );
    expect(deriveFacts(TYPE, bom({ vulnerabilities: [vulnerability, { id: 'CVE-2026-2' }] }))).toMatchObject([
      { content: { kind: 'sbom' }, ownTime: '2026-11-23T10:00:00.000Z' },
      {
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'vex',
          author: null,
          document: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
          version: 1,
          statements: [
            {
              vulnerability: { id: 'CVE-2026-1', aliases: ['GHSA-aaaa-bbbb-cccc'] },
              products: [
                { id: 'ssl', purl: 'pkg:deb/debian/libssl3@3.0.15?arch=amd64', hashes: {}, subcomponents: [] },
              ],
              status: 'not_affected',
              justification: 'code_not_reachable',
              detail: 'never called',
              at: '2026-11-20T10:00:00.000Z',
            },
          ],
        },
      },
    ]);
  });

  it.each([
    ['resolved', 'fixed'],
    ['resolved_with_pedigree', 'fixed'],
    ['exploitable', 'affected'],
    ['in_triage', 'under_investigation'],
    ['false_positive', 'not_affected'],
    ['not_affected', 'not_affected'],
  ])('in the state %s are %s', (state, status) => {
    expect(vex([analysed({ state })]).statements).toMatchObject([{ status, at: '2026-11-23T10:00:00.000Z' }]);
  });

  it('are nothing beside the SBOM where nobody analysed them', () => {
    const rated = { id: 'CVE-2026-1', ratings: [{ severity: 'critical', score: 9.8 }], affects: [{ ref: 'ssl' }] };
    expect(contents(bom({ vulnerabilities: [rated] })).map(({ kind }) => kind)).toEqual(['sbom']);
    expect(contents(bom({ vulnerabilities: [analysed({ detail: 'not yet' })] })).map(({ kind }) => kind)).toEqual([
      'sbom',
    ]);
  });

  it('are a VEX document, and no SBOM, where no components are listed', () => {
    const vulnerabilities = [analysed({ state: 'exploitable' })];
    expect(contents(bom({ components: undefined, vulnerabilities })).map(({ kind }) => kind)).toEqual(['vex']);
  });

  it('speak of the component their reference names, and of none that is limited, doubtful or elsewhere', () => {
    const purlOf = (affected: object, components: readonly object[] = COMPONENTS): string | null =>
      vex([analysed({ state: 'not_affected' }, { affects: [affected] })], { components }).statements[0]!.products![0]!
        .purl;
    expect(purlOf({ ref: 'image' })).toBe('pkg:oci/app@sha256:ab');
    expect(purlOf({ ref: 'ssl', versions: [{ range: 'vers:deb/<3.0.15', status: 'affected' }] })).toBeNull();
    expect(purlOf({ ref: 'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#ssl' })).toBeNull();
    const twice = [...COMPONENTS, { type: 'library', 'bom-ref': 'ssl', name: 'other', purl: 'pkg:deb/debian/other@1' }];
    expect(purlOf({ ref: 'ssl' }, twice)).toBeNull();
  });

  it('speak of nothing where they name nothing', () => {
    expect(vex([analysed({ state: 'not_affected' }, { affects: undefined })]).statements[0]!.products).toEqual([]);
  });

  it.each([
    ['a state nobody knows', analysed({ state: 'fine' }), 'vulnerabilities[0].analysis.state'],
    ['an analysis of nothing', { analysis: { state: 'resolved' } }, 'vulnerabilities[0].id'],
    [
      'a time that is none',
      analysed({ state: 'resolved', lastUpdated: 'x' }),
      'vulnerabilities[0].analysis.lastUpdated',
    ],
  ])('are refused with %s', (_what, vulnerability, path) => {
    expect(() => vex([vulnerability])).toThrow(
      expect.objectContaining({ faults: expect.arrayContaining([expect.objectContaining({ path })]) }),
    );
  });
});
