import { CelScalar, celEnv, celFunc, objectType, parse, plan, type CelEnv, type CelFunc } from '@bufbuild/cel';
import { scoreOfVector } from '../facts/cvss-vector.js';
import { parsePackageUrl, purlMatches } from '../facts/package-url.js';
import { parseTime } from '../facts/parse-time.js';
import { compileGlob } from '../intoto/glob.js';
import { LIST_CONCATENATION } from './cel-lists.js';
import { durationMilliseconds } from './duration.js';
import { compareSemanticVersions, parseSemanticVersion } from './semantic-version.js';

/**
 * A function that expressions have beside those of the standard. It takes texts alone, each held to its size and form, and
 * whatever it cannot take is an error, so that neither a malformed version nor its negation passes for anything.
 */
export interface DomainFunction {
  /** As it is written, with its namespace. */
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result: 'bool' | 'int' | 'double' | 'duration' | 'timestamp';
  readonly celFunc: CelFunc;
}

export interface Parameter {
  readonly name: string;
  /** Why the text cannot be taken, or null. */
  readonly faultOf: (text: string) => string | null;
}

const MOST_PATTERN_CHARACTERS = 256;
const MOST_TEXT_CHARACTERS = 2048;
const MOST_TIME_CHARACTERS = 64;

const version: Omit<Parameter, 'name'> = { faultOf: faultBy(parseSemanticVersion) };
/** A loop asks about one pattern many times, and each text is held to its form before it is read. */
const MOST_REMEMBERED = 100;
const readPurl = remembering(parsePackageUrl);
const readGlob = remembering(compileGlob);
const purl: Omit<Parameter, 'name'> = {
  faultOf: (text) => (readPurl(text) === null ? 'expected a package URL, such as pkg:npm/lodash@4.17.21' : null),
};

const RESULT_TYPES = {
  bool: CelScalar.BOOL,
  int: CelScalar.INT,
  double: CelScalar.DOUBLE,
  duration: objectType('google.protobuf.Duration'),
  timestamp: objectType('google.protobuf.Timestamp'),
} as const;

/** The library makes its own values of these types; only its standard functions give them. */
const standard = celEnv();
const toDuration = plan(standard, parse('duration(text)'));
const toTimestamp = plan(standard, parse('timestamp(text)'));

export const DOMAIN_FUNCTIONS: readonly DomainFunction[] = [
  domainFunction('purl.matches', [named('pattern', purl), named('purl', purl)], 'bool', (pattern, given) =>
    purlMatches(pattern, given, readPurl),
  ),
  domainFunction('semver.compare', [named('a', version), named('b', version)], 'int', (a, b) =>
    BigInt(compareSemanticVersions(parseSemanticVersion(a), parseSemanticVersion(b))),
  ),
  domainFunction(
    'semver.atLeast',
    [named('version', version), named('least', version)],
    'bool',
    (given, least) => compareSemanticVersions(parseSemanticVersion(given), parseSemanticVersion(least)) >= 0,
  ),
  domainFunction(
    'cvss.score',
    [
      {
        name: 'vector',
        faultOf: (text) =>
          scoreOfVector(text) === null ? 'expected a CVSS vector of version 2.0, 3.0, 3.1 or 4.0' : null,
      },
    ],
    'double',
    (vector) => scoreOfVector(vector) ?? NaN,
  ),
  domainFunction(
    'glob',
    [atMost('pattern', MOST_PATTERN_CHARACTERS), atMost('text', MOST_TEXT_CHARACTERS)],
    'bool',
    (pattern, text) => readGlob(pattern)(text),
  ),
  domainFunction(
    'duration.parse',
    [
      {
        name: 'text',
        faultOf: (text) => atMostFault(text, MOST_TIME_CHARACTERS) ?? faultBy(durationMilliseconds)(text),
      },
    ],
    'duration',
    (text) => toDuration({ text: `${durationMilliseconds(text)}ms` }),
  ),
  domainFunction(
    'timestamp.parse',
    [{ name: 'text', faultOf: (text) => atMostFault(text, MOST_TIME_CHARACTERS) ?? faultBy(parseTime)(text) }],
    'timestamp',
    (text) => toTimestamp({ text: parseTime(text) }),
  ),
];

/** In what expressions are read and evaluated: the standard functions and those above. */
export function celEnvironment(): CelEnv {
  return celEnv({ funcs: [LIST_CONCATENATION, ...DOMAIN_FUNCTIONS.map((each) => each.celFunc)] });
}

function domainFunction(
  name: string,
  parameters: readonly Parameter[],
  result: DomainFunction['result'],
  apply: (...texts: [string, string]) => unknown,
): DomainFunction {
  const implementation = (...texts: readonly string[]): unknown => {
    for (const [index, parameter] of parameters.entries()) {
      const fault = parameter.faultOf(texts[index] ?? '');
      if (fault !== null) throw new RangeError(`${name}: ${parameter.name}: ${fault}`);
    }
    const [first = '', second = ''] = texts;
    return apply(first, second);
  };
  const types = parameters.map(() => CelScalar.STRING);
  // The library knows the types of arguments and result only of functions that are written out one by one.
  return { name, parameters, result, celFunc: celFunc(name, types, RESULT_TYPES[result], implementation as never) };
}

function named(name: string, parameter: Omit<Parameter, 'name'>): Parameter {
  return { name, ...parameter };
}

function remembering<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const value = known.get(text);
    if (value !== undefined) return value;
    const found = read(text);
    if (known.size >= MOST_REMEMBERED) known.clear();
    known.set(text, found);
    return found;
  };
}

function atMost(name: string, most: number): Parameter {
  return { name, faultOf: (text) => atMostFault(text, most) };
}

function atMostFault(text: string, most: number): string | null {
  return text.length <= most ? null : `expected at most ${most} characters`;
}

function faultBy(read: (text: string) => unknown): (text: string) => string | null {
  return (text) => {
    try {
      read(text);
      return null;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return error.message;
    }
  };
}
