import { describe, expect, it } from 'vitest';
import { parseImageIndex } from './image-index.js';
import { Malformed } from './malformed.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const MANIFEST = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: DIGEST,
  size: 500,
  platform: { os: 'linux', architecture: 'amd64' },
};

function index(manifests: unknown, rest: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, manifests, ...rest }));
}

function runnable(change: object): boolean | undefined {
  return parseImageIndex(index([{ ...MANIFEST, ...change }])).manifests[0]?.runnable;
}

function faultsOf(bytes: Buffer): readonly string[] {
  try {
    parseImageIndex(bytes);
  } catch (error) {
    if (error instanceof Malformed) return error.faults.map(({ path }) => path);
    throw error;
  }
  return [];
}

/** A path without the quotes around a name that is no word. */
function unquoted(path: string): string {
  return path.replace(/^\["(.*)"\]$/, '$1');
}

describe('an index', () => {
  it('lists manifests with their platforms, in its order', () => {
    const arm = { ...MANIFEST, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } };
    expect(parseImageIndex(index([MANIFEST, arm]))).toEqual({
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          digest: DIGEST,
          mediaType: MANIFEST.mediaType,
          platform: { os: 'linux', architecture: 'amd64', variant: null },
          artifactType: null,
          runnable: true,
        },
        {
          digest: DIGEST,
          mediaType: MANIFEST.mediaType,
          platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
          artifactType: null,
          runnable: true,
        },
      ],
    });
  });

  it('may be a manifest list of Docker', () => {
    const mediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';
    expect(parseImageIndex(index([MANIFEST], { mediaType }))).toMatchObject({ mediaType });
  });

  it.each([
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    ' application/vnd.OCI.image.Index.v1+json ; charset=utf-8',
  ])('lists no other index (%s)', (mediaType) => {
    expect(faultsOf(index([MANIFEST, { ...MANIFEST, mediaType }]))).toEqual(['manifests[1].mediaType']);
  });

  it.each([
    ['the index', { Manifests: [MANIFEST] }, {}, 'Manifests'],
    ['the index, by a letter of another alphabet', { 'manife\u017ft\u017f': [MANIFEST] }, {}, 'manife\u017ft\u017f'],
    ['the index, where it would be a manifest', { Config: {} }, {}, 'Config'],
    ['a manifest', {}, { Digest: DIGEST }, 'manifests[0].Digest'],
    ['a manifest, by its platform', {}, { PLATFORM: {} }, 'manifests[0].PLATFORM'],
    [
      'a platform',
      {},
      { platform: { os: 'unknown', architecture: 'unknown', OS: 'linux' } },
      'manifests[0].platform.OS',
    ],
  ])('is refused where a runtime might read something else of %s', (_name, rest, change, path) => {
    expect(faultsOf(index([{ ...MANIFEST, ...change }], rest)).map((fault) => unquoted(fault))).toEqual([path]);
  });

  it('may have members of other names', () => {
    expect(faultsOf(index([{ ...MANIFEST, 'org.example': 1, annotations: { Digest: 'x' } }], { Extra: 1 }))).toEqual(
      [],
    );
  });

  it('knows a manifest of a platform that is not known for one that is never run', () => {
    expect(runnable({ platform: { os: 'unknown', architecture: 'unknown' } })).toBe(false);
  });

  it.each([
    ['names no platform', { platform: undefined }],
    // A node looks into the configuration of what names no platform, and runs it where that fits.
    ['names no platform, whatever its type', { platform: undefined, artifactType: 'application/vnd.example' }],
    [
      'names no platform, whatever it is annotated',
      { platform: undefined, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
    ],
    [
      'names a platform, whatever it is annotated',
      { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
    ],
    ['names a platform, whatever its type', { artifactType: 'application/vnd.example' }],
    ['is of an unknown system only', { platform: { os: 'unknown', architecture: 'amd64' } }],
  ])('takes a manifest that %s for one that may be run', (_name, change) => {
    expect(runnable(change)).toBe(true);
  });

  it.each([
    ['no JSON', Buffer.from('{'), ['']],
    ['no object', Buffer.from('[]'), ['']],
    ['another schema', index([MANIFEST], { schemaVersion: 1 }), ['schemaVersion']],
    ['a manifest as well', index([MANIFEST], { config: {}, layers: [] }), ['config', 'layers']],
    ['of another type', index([MANIFEST], { mediaType: MANIFEST.mediaType }), ['mediaType']],
    ['without manifests', index(undefined), ['manifests']],
    ['of what are no manifests', index([1, 'x']), ['manifests[0]', 'manifests[1]']],
    [
      'of manifests with faults',
      index([{ ...MANIFEST, digest: 'sha512:ab', mediaType: 1, platform: 'x' }]),
      ['manifests[0].mediaType', 'manifests[0].platform', 'manifests[0].mediaType', 'manifests[0].digest'],
    ],
    ['of too many', index(Array.from({ length: 1_001 }, () => MANIFEST)), ['manifests']],
    ['with a name twice', Buffer.from('{"schemaVersion":2,"manifests":[],"manifests":[]}'), ['manifests']],
  ])('is refused where it is %s, with every fault', (_name, bytes, paths) => {
    expect(faultsOf(bytes)).toEqual(paths);
  });
});
