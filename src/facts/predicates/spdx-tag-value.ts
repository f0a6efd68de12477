import { quoted } from '../../intoto/json-path.js';
import type { Component, Timestamp } from '../fact.js';
import { canonicalPackageUrl } from '../package-url.js';
import { parseTime } from '../parse-time.js';
import type { PredicateField, Reading } from '../predicate-field.js';
import { sbomReading } from '../sbom-reading.js';
import { licencesOf, spdx2Version } from './spdx-2.js';

/** What stands in a package, as far as it is read, until the next package, file or snippet begins. */
interface Package {
  readonly name: string;
  version: string | null;
  purl: string | null;
  declared: string | null;
  concluded: string | null;
}

/** Tags with which something begins that is no package. */
const OTHER_SECTIONS = ['FileName', 'SnippetSPDXID', 'LicenseID'];

/** Reads the lines of SPDX' tag-value form, 2.2 or 2.3 (SPDX 2.3, chapter 6): `Tag: value`, or `Tag: <text>…</text>` over several. */
export function readSpdxTagValue(document: PredicateField, text: string): Reading {
  const packages: Package[] = [];
  let open: Package | null = null;
  let version: string | null = null;
  let created: Timestamp | null = null;
  for (const [tag, value] of tagsIn(document, text)) {
    if (tag === 'SPDXVersion') version = spdx2Version(value);
    else if (tag === 'Created') created = readTime(document, value);
    else if (tag === 'PackageName') {
      open = { name: value, version: null, purl: null, declared: null, concluded: null };
      packages.push(open);
    } else if (OTHER_SECTIONS.includes(tag)) open = null;
    else if (open !== null) readTag(open, tag, value);
  }
  if (version === null) document.fault('must name the SPDXVersion SPDX-2.2 or SPDX-2.3');
  if (packages.some(({ name }) => name === '')) document.fault('must name every package');
  return sbomReading('spdx', version ?? '', packages.map(componentOf), created);
}

function readTag(open: Package, tag: string, value: string): void {
  switch (tag) {
    case 'PackageVersion':
      open.version = value === '' ? null : value;
      break;
    case 'PackageLicenseDeclared':
      open.declared = value;
      break;
    case 'PackageLicenseConcluded':
      open.concluded = value;
      break;
    case 'ExternalRef': {
      const [, locator = null] = /^PACKAGE[-_]MANAGER\s+purl\s+(\S+)$/.exec(value) ?? [];
      open.purl ??= canonicalPackageUrl(locator);
    }
  }
}

function componentOf({ name, version, purl, declared, concluded }: Package): Component {
  return { name, version, purl, licences: licencesOf(declared, concluded) };
}

function readTime(document: PredicateField, value: string): Timestamp | null {
  try {
    return parseTime(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    document.fault(`has the time ${quoted(value)} as Created, which ${error.message}`);
    return null;
  }
}

/** The tags with their values, trimmed; text over several lines is one value, and its lines are no tags. */
function* tagsIn(document: PredicateField, text: string): Generator<readonly [tag: string, value: string]> {
  let inText = false;
  for (const line of text.split(/\r?\n/)) {
    if (inText) {
      inText = !line.includes('</text>');
      continue;
    }
    const [, tag, value] = /^([A-Za-z]+):(.*)$/.exec(line) ?? [];
    if (tag === undefined || value === undefined) continue;
    const trimmed = value.trim();
    inText = trimmed.startsWith('<text>') && !trimmed.includes('</text>');
    yield [tag, trimmed.startsWith('<text>') ? trimmed.slice('<text>'.length).replace('</text>', '').trim() : trimmed];
  }
  // Whatever stands after it would be hidden.
  if (inText) document.fault('holds a <text> without an end');
}
