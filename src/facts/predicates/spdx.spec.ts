import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { SbomFact } from '../fact.js';

const TYPE = 'https://spdx.dev/Document';

/** A document as Syft writes it. */
function spdx2(changes: object = {}): object {
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: 'registry.example.com/acme/app',
    documentNamespace: 'https://anchore.com/syft/image/acme-app',
    creationInfo: { licenseListVersion: '3.27', creators: ['Tool: syft-1.30.0'], created: '2026-11-23T10:00:00Z' },
    packages: [
      {
        name: 'libssl3',
        SPDXID: 'SPDXRef-Package-deb-libssl3',
        versionInfo: '3.0.15',
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: 'Apache-2.0',
        externalRefs: [
          { referenceCategory: 'SECURITY', referenceType: 'cpe23Type', referenceLocator: 'cpe:2.3:a:openssl' },
          {
            referenceCategory: 'PACKAGE-MANAGER',
            referenceType: 'purl',
            referenceLocator: 'pkg:deb/debian/libssl3@3.0.15?distro=debian-12&arch=amd64',
          },
        ],
      },
      { name: 'busybox', SPDXID: 'SPDXRef-busybox', licenseConcluded: 'GPL-2.0-only', licenseDeclared: 'GPL-2.0-only' },
      { name: 'odd', SPDXID: 'SPDXRef-odd', externalRefs: [{ referenceType: 'purl', referenceLocator: 'odd' }] },
    ],
    ...changes,
  };
}

const COMPONENTS = [
  {
    name: 'libssl3',
    version: '3.0.15',
    purl: 'pkg:deb/debian/libssl3@3.0.15?arch=amd64&distro=debian-12',
    licences: ['Apache-2.0'],
  },
  { name: 'busybox', version: null, purl: null, licences: ['GPL-2.0-only'] },
  { name: 'odd', version: null, purl: null, licences: [] },
];

const TAG_VALUE = `# a comment
SPDXVersion: SPDX-2.2
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: acme
Creator: Tool: syft
Created: 2026-11-23T10:00:00Z
DocumentComment: <text>Not a package:
PackageName: evil
</text>

PackageName: libssl3
SPDXID: SPDXRef-libssl3
PackageVersion: 3.0.15
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: Apache-2.0
PackageCopyrightText: <text>one line</text>
ExternalRef: SECURITY cpe23Type cpe:2.3:a:openssl
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libssl3@3.0.15?distro=debian-12&arch=amd64

PackageName: busybox\r
PackageLicenseConcluded: GPL-2.0-only\r
FileName: ./bin/busybox
PackageVersion: 9
PackageName: odd
PackageLicenseDeclared: NONE
ExternalRef: PACKAGE_MANAGER purl odd
`;

function spdx3(changes: readonly object[] = []): object {
  const creationInfo = '_:creationinfo';
  return {
    '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
    '@graph': [
      { type: 'CreationInfo', '@id': '_:other', specVersion: '3.0.0', created: '2020-01-01T00:00:00Z', createdBy: [] },
      { type: 'CreationInfo', '@id': creationInfo, specVersion: '3.0.1', created: '2026-11-23T10:00:00Z' },
      { type: 'SpdxDocument', spdxId: 'urn:doc', creationInfo, rootElement: ['urn:libssl3'] },
      {
        type: 'software_Package',
        spdxId: 'urn:libssl3',
        creationInfo,
        name: 'libssl3',
        software_packageVersion: '3.0.15',
        software_packageUrl: 'pkg:deb/debian/libssl3@3.0.15?distro=debian-12&arch=amd64',
      },
      { type: 'software_Package', spdxId: 'urn:busybox', creationInfo, name: 'busybox' },
      {
        type: 'software_Package',
        spdxId: 'urn:odd',
        name: 'odd',
        externalIdentifier: [{ externalIdentifierType: 'packageUrl', identifier: 'odd' }],
      },
      { type: 'software_File', spdxId: 'urn:file', name: '/bin/busybox' },
      {
        type: 'simplelicensing_LicenseExpression',
        spdxId: 'urn:gpl',
        simplelicensing_licenseExpression: 'GPL-2.0-only',
      },
      { type: 'Relationship', relationshipType: 'hasDeclaredLicense', from: 'urn:busybox', to: ['urn:gpl'] },
      { type: 'Relationship', relationshipType: 'hasConcludedLicense', from: 'urn:busybox', to: ['urn:gpl'] },
      {
        type: 'Relationship',
        relationshipType: 'hasDeclaredLicense',
        from: 'urn:libssl3',
        to: ['https://spdx.org/licenses/Apache-2.0', 'urn:unknown'],
      },
      { type: 'Relationship', relationshipType: 'contains', from: 'urn:libssl3', to: ['urn:gpl'] },
      ...changes,
    ],
  };
}

function derive(predicate: unknown): SbomFact {
  return deriveFacts(TYPE, predicate)[0]!.content as SbomFact;
}

describe('SPDX', () => {
  it.each([[TYPE], [`${TYPE}/v2.2`], [`${TYPE}/v2.3`], [`${TYPE}/v3`], [`${TYPE}/v3.0`], [`${TYPE}/v3.0.1`]])(
    'reads %s',
    (type) => {
      expect(deriveFacts(type, spdx2())).toEqual([
        {
          predicateType: type,
          ownTime: '2026-11-23T10:00:00.000Z',
          content: {
            kind: 'sbom',
            format: 'spdx',
            specVersion: '2.3',
            components: COMPONENTS,
            counts: { components: 3, withoutPurl: 2, withoutLicence: 1 },
          },
        },
      ]);
    },
  );

  it('reads a document that old attestations hold as text, or under Data', () => {
    expect(derive(JSON.stringify(spdx2())).components).toEqual(COMPONENTS);
    expect(derive({ Data: JSON.stringify(spdx2()), Timestamp: '2022-01-01T00:00:00Z' }).components).toEqual(COMPONENTS);
    expect(derive({ Data: spdx2() }).components).toEqual(COMPONENTS);
  });

  it('reads the lines of the tag-value form', () => {
    expect(derive(TAG_VALUE)).toMatchObject({ format: 'spdx', specVersion: '2.2', components: COMPONENTS });
    expect(deriveFacts(TYPE, { Data: TAG_VALUE })[0]!.ownTime).toBe('2026-11-23T10:00:00.000Z');
  });

  it('reads SPDX 3, and takes the time of the document itself', () => {
    expect(derive(spdx3())).toMatchObject({ format: 'spdx', specVersion: '3.0.1', components: COMPONENTS });
    expect(deriveFacts(TYPE, spdx3())[0]!.ownTime).toBe('2026-11-23T10:00:00.000Z');
  });

  it('keeps what was declared and what was concluded', () => {
    const each = { name: 'a', licenseDeclared: 'MIT', licenseConcluded: 'MIT AND GPL-2.0-only' };
    expect(derive(spdx2({ packages: [each] })).components[0]!.licences).toEqual(['MIT', 'MIT AND GPL-2.0-only']);
  });

  it('takes the first package URL that is one', () => {
    const externalRefs = ['odd', 'pkg:npm/a@1', 'pkg:npm/b@1'].map((referenceLocator) => ({
      referenceType: 'purl',
      referenceLocator,
    }));
    expect(derive(spdx2({ packages: [{ name: 'a', externalRefs }] })).components[0]!.purl).toBe('pkg:npm/a@1');
  });

  it.each([
    ['an empty object', {}, 'spdxVersion'],
    ['a version that is not read', spdx2({ spdxVersion: 'SPDX-2.1' }), 'spdxVersion'],
    ['a document without name', spdx2({ name: '' }), 'name'],
    ['a document without id', spdx2({ SPDXID: null }), 'SPDXID'],
    ['packages in an object', spdx2({ packages: {} }), 'packages'],
    ['a package without name', spdx2({ packages: [{ versionInfo: '1' }] }), 'packages[0].name'],
    ['references in text', spdx2({ packages: [{ name: 'a', externalRefs: 'pkg:npm/a' }] }), 'packages[0].externalRefs'],
    ['a time that is none', spdx2({ creationInfo: { created: 'today' } }), 'creationInfo.created'],
    ['a graph in text', { '@graph': 'x' }, '["@graph"]'],
    ['a graph without creation', { '@graph': [] }, '["@graph"]'],
    ['another graph', { '@graph': [{ type: 'CreationInfo', specVersion: '4.0' }] }, '["@graph"][0].specVersion'],
    ['a package of a graph without name', spdx3([{ type: 'software_Package', spdxId: 'x' }]), '["@graph"][12].name'],
    ['a package of a graph without id', spdx3([{ type: 'software_Package', name: 'x' }]), '["@graph"][12].spdxId'],
    ['text that is neither form', 'hello', ''],
    ['text of another version', 'SPDXVersion: SPDX-1.2\nPackageName: a', ''],
    ['text with a package without name', 'SPDXVersion: SPDX-2.3\nPackageName:', ''],
    ['text in which a text does not end', 'SPDXVersion: SPDX-2.3\nCreatorComment: <text>a\nPackageName: hidden', ''],
    ['text with a time that is none', 'SPDXVersion: SPDX-2.3\nCreated: today', ''],
    ['text that is broken JSON', '{"spdxVersion":', ''],
    ['no text', '', ''],
    ['text in text', { Data: 7 }, 'Data'],
  ])('refuses %s', (_what, predicate, path) => {
    expect(() => derive(predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });

  it('takes no longer for text that looks like many comments', () => {
    expect(() => derive(`${'# '.repeat(200_000)}x`)).toThrow('SPDXVersion');
    expect(() => derive(`SPDXVersion: SPDX-2.3\n${'PackageComment: <text>\n'.repeat(100_000)}`)).toThrow('<text>');
  });
});
