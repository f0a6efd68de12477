import { isSha256Digest, type Sha256Digest } from './digest.js';
import { FaultList } from './fault-list.js';
import { asArray, asObject, member, parseStrictJson, type JsonObject } from './json.js';
import { elementPath, memberPath, quoted } from './json-path.js';
import { Malformed } from './malformed.js';

/** What an index says of one of the manifests that it lists. */
export interface IndexedManifest {
  readonly digest: Sha256Digest;
  readonly mediaType: string;
  /** null where none is named. */
  readonly platform: Platform | null;
  readonly artifactType: string | null;
  /** Whether a runtime may come to run it. */
  readonly runnable: boolean;
}

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | null;
}

export interface ImageIndex {
  readonly mediaType: string;
  /** In the order of the index; one may stand in it for several platforms. */
  readonly manifests: readonly IndexedManifest[];
}

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const MOST_MANIFESTS = 1_000;

/** What runtimes read of an index, of what it lists and of platforms, under exactly these names. */
const NAMES = {
  index: ['schemaVersion', 'mediaType', 'artifactType', 'manifests', 'config', 'layers', 'subject', 'annotations'],
  manifest: ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'platform', 'artifactType'],
  platform: ['architecture', 'os', 'os.version', 'os.features', 'variant', 'features'],
} as const;
const MOST_CHARACTERS = 500;

/**
 * Reads an OCI image index (image-spec, image-index.md) or a Docker manifest list (Image Manifest V2, Schema 2). What could
 * also be read as a manifest, with `config` or `layers`, is refused: registries and runtimes must agree on what it is
 * (CVE-2021-41190). So is an index that lists another (image-spec allows it): what is said of that one's manifests would not
 * be looked at. Runtimes written in Go read names whatever their case, the last of several, so that a name which is only
 * alike is refused as well: nothing is run that is not read here. Manifests are named by sha256, as images are here.
 *
 * Throws Malformed of the document `index` with every fault found.
 */
export function parseImageIndex(bytes: Uint8Array): ImageIndex {
  const json = asObject(parseStrictJson(bytes, { document: 'index' }));
  if (json === null) throw new Malformed('index', [{ path: '', message: 'must be a JSON object' }]);
  const faults = new FaultList();
  refuseLookalikes(json, 'index', '', faults);
  if (member(json, 'schemaVersion') !== 2) faults.add('schemaVersion', 'must be 2');
  for (const name of ['config', 'layers']) {
    if (Object.hasOwn(json, name)) faults.add(name, 'belongs to a manifest and must not stand in an index');
  }
  const mediaType = readText(json, 'mediaType', '', faults) ?? OCI_INDEX;
  if (mediaType !== OCI_INDEX && mediaType !== DOCKER_LIST) {
    faults.add('mediaType', `must be ${OCI_INDEX} or ${DOCKER_LIST}, not ${quoted(mediaType)}`);
  }
  const manifests = readManifests(json, faults);
  faults.throwIfAny('index');
  return { mediaType, manifests };
}

/** Go's encoding/json takes a name for another that differs in case alone, by Unicode's rules: `K` may be the Kelvin sign. */
function refuseLookalikes(object: JsonObject, kind: keyof typeof NAMES, parent: string, faults: FaultList): void {
  const names: readonly string[] = NAMES[kind];
  for (const name of Object.keys(object)) {
    if (names.includes(name)) continue;
    const alike = names.find((known) => folded(known) === folded(name));
    if (alike !== undefined)
      faults.add(memberPath(parent, name), `is another name than ${alike}, and may be read as that`);
  }
}

function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Whatever its case and parameters: a runtime may look at neither. */
function isIndexType(mediaType: string): boolean {
  const [type = ''] = mediaType.split(';');
  return [OCI_INDEX, DOCKER_LIST].includes(type.trim().toLowerCase());
}

function readManifests(json: JsonObject, faults: FaultList): readonly IndexedManifest[] {
  const list = asArray(member(json, 'manifests'));
  if (list === null || list.length > MOST_MANIFESTS) {
    faults.add('manifests', `must be an array of at most ${MOST_MANIFESTS} manifests`);
    return [];
  }
  return list.flatMap((element, index) => {
    const path = elementPath('manifests', index);
    const descriptor = asObject(element);
    if (descriptor !== null) return readManifest(descriptor, path, faults);
    faults.add(path, 'must be an object');
    return [];
  });
}

function readManifest(descriptor: JsonObject, path: string, faults: FaultList): readonly IndexedManifest[] {
  refuseLookalikes(descriptor, 'manifest', path, faults);
  const digest = readText(descriptor, 'digest', path, faults);
  const mediaType = readText(descriptor, 'mediaType', path, faults);
  const artifactType = readText(descriptor, 'artifactType', path, faults);
  const platform = readPlatform(descriptor, path, faults);
  if (mediaType === null) faults.add(memberPath(path, 'mediaType'), 'must be a media type');
  else if (isIndexType(mediaType)) {
    faults.add(
      memberPath(path, 'mediaType'),
      'must be that of a manifest: an index within an index is posted by itself',
    );
  }
  if (digest === null || !isSha256Digest(digest)) {
    faults.add(memberPath(path, 'digest'), 'must be sha256: and 64 lower-case hexadecimal digits');
    return [];
  }
  return [{ digest, mediaType: mediaType ?? '', platform, artifactType, runnable: isRunnable(platform) }];
}

/**
 * Runtimes choose by platform, and what names none may be chosen for the one that its configuration names, whatever type or
 * annotations say that it is. Only the platform that no node has keeps it from being run.
 */
function isRunnable(platform: Platform | null): boolean {
  return platform?.os !== 'unknown' || platform.architecture !== 'unknown';
}

function readPlatform(descriptor: JsonObject, parent: string, faults: FaultList): Platform | null {
  const value = member(descriptor, 'platform');
  if (value === undefined) return null;
  const path = memberPath(parent, 'platform');
  const platform = asObject(value);
  if (platform === null) {
    faults.add(path, 'must be an object');
    return null;
  }
  refuseLookalikes(platform, 'platform', path, faults);
  const [os, architecture, variant] = ['os', 'architecture', 'variant'].map((name) =>
    readText(platform, name, path, faults),
  );
  return { os: os ?? '', architecture: architecture ?? '', variant: variant ?? null };
}

function readText(object: JsonObject, name: string, parent: string, faults: FaultList): string | null {
  const value = member(object, name);
  if (value === undefined || value === '') return null;
  if (typeof value === 'string' && value.length <= MOST_CHARACTERS && !value.includes('\u0000')) return value;
  faults.add(memberPath(parent, name), `must be text of at most ${MOST_CHARACTERS} characters`);
  return null;
}
