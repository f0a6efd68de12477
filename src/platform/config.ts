import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LOG_VARIABLES, NO_LOG, readLogSettings, type LogSettings } from './log-settings.js';
import { NO_SIGNING, readSigningSettings, SIGNING_VARIABLES, type SigningSettings } from './signing-settings.js';

export const ROLES = ['all', 'api', 'worker'] as const;
/** Which part of the service a process runs. */
export type ProcessRole = (typeof ROLES)[number];

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything the environment decides, read once at start. */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  readonly role: ProcessRole;
  /** Where clients reach this service, without a trailing slash; null where it was not said. */
  readonly publicUrl: string | null;
  readonly logLevel: LogLevel;
  readonly maxBodyBytes: number;
  /** Absolute. Holds the embedded database and what is made on first start. */
  readonly dataDir: string;
  /** null: the service starts a PostgreSQL of its own in `dataDir`. */
  readonly database: { readonly url: string; readonly migrateUrl: string } | null;
  /** null: jobs are kept in the database. */
  readonly redisUrl: string | null;
  /** null: one is made on first start and kept in `dataDir`. */
  readonly adminToken: string | null;
  /** Where the trust root of the public Sigstore instance is looked up once a day; null: never. */
  readonly sigstoreMirrorUrl: string | null;
  /** By what verdicts are signed. Without a signer one is made on first start in `dataDir`, where `database` is null. */
  readonly signing: SigningSettings;
  /** By what the log of history is sealed. Without a key one is made on first start in `dataDir`. */
  readonly log: LogSettings;
}

/** The configuration cannot be used; every fault is in `faults`. Holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(`the configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

const ADMIN_TOKEN_MIN_LENGTH = 32;
const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;
/** One attestation travels to the database in one message and is held in memory as text once. */
const LARGEST_MAX_BODY_BYTES = 256 * 1024 * 1024;

const KNOWN: ReadonlySet<string> = new Set([
  'ASSAY_MIGRATE_DATABASE_URL',
  'ASSAY_DATA_DIR',
  'ASSAY_ROLE',
  'ASSAY_ADMIN_TOKEN',
  'ASSAY_ADMIN_TOKEN_FILE',
  'ASSAY_MAX_BODY_BYTES',
  'ASSAY_PUBLIC_URL',
  'ASSAY_SIGSTORE_MIRROR_URL',
  ...SIGNING_VARIABLES,
  ...LOG_VARIABLES,
  // The command line client's own; allowed so that one shell can run both.
  'ASSAY_URL',
  'ASSAY_TOKEN',
  'ASSAY_TOKEN_FILE',
]);

/**
 * Reads the whole configuration, and the admin token's file where one is named. Throws ConfigError with every fault
 * found. Who only migrates needs no admin token. A variable that is set but empty is a fault rather than a default: a deployment whose DATABASE_URL came out
 * empty must not quietly keep its evidence somewhere else.
 */
export function readConfig(
  env: NodeJS.ProcessEnv = process.env,
  { purpose = 'serve' }: { readonly purpose?: 'serve' | 'migrate' } = {},
): Config {
  const faults: string[] = [];
  const fault = (text: string): null => {
    faults.push(text);
    return null;
  };
  const given = (name: string): string | null => {
    const value = env[name];
    if (value === undefined) return null;
    return value.trim() === '' ? fault(`${name} is set but empty; unset it or give it a value`) : value;
  };
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = given(name);
    if (value === null) return fallback;
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) fault(`${name} must be one of ${allowed.join(', ')}`);
    return found ?? fallback;
  };
  const integer = (name: string, least: number, most: number, fallback: number): number => {
    const value = given(name);
    if (value === null) return fallback;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= least && number <= most) return number;
    fault(`${name} must be a whole number from ${least} to ${most}`);
    return fallback;
  };
  const url = (name: string, protocols: readonly string[]): string | null => {
    const value = given(name);
    if (value === null) return null;
    const parsed = URL.parse(value);
    if (parsed !== null && protocols.includes(parsed.protocol)) return value;
    return fault(`${name} must be a URL that starts with ${protocols.map((each) => `${each}//`).join(' or ')}`);
  };

  for (const name of Object.keys(env).sort()) {
    if (name.startsWith('ASSAY_') && !KNOWN.has(name)) fault(`${name} is not a variable of this service`);
  }

  const role = oneOf('ASSAY_ROLE', ROLES, 'all');
  const databaseUrl = url('DATABASE_URL', ['postgres:', 'postgresql:']);
  const migrateUrl = url('ASSAY_MIGRATE_DATABASE_URL', ['postgres:', 'postgresql:']);
  if (env.DATABASE_URL === undefined) {
    if (migrateUrl !== null) fault('ASSAY_MIGRATE_DATABASE_URL needs DATABASE_URL');
    if (role !== 'all') fault(`ASSAY_ROLE=${role} needs DATABASE_URL: the embedded database serves one process only`);
  }

  const adminToken = adminTokenOf(given('ASSAY_ADMIN_TOKEN'), given('ASSAY_ADMIN_TOKEN_FILE'), fault);
  const tokenNamed = env.ASSAY_ADMIN_TOKEN !== undefined || env.ASSAY_ADMIN_TOKEN_FILE !== undefined;
  const lettingIn = purpose === 'serve' && role !== 'worker';
  if (env.DATABASE_URL !== undefined && lettingIn && !tokenNamed) {
    fault('ASSAY_ADMIN_TOKEN or ASSAY_ADMIN_TOKEN_FILE is required where DATABASE_URL is set');
  }

  const publicUrl = publicUrlOf(url('ASSAY_PUBLIC_URL', ['http:', 'https:']), fault);
  const config: Config = {
    host: given('HOST') ?? '127.0.0.1',
    port: integer('PORT', 0, 65_535, 8080),
    role,
    publicUrl,
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    maxBodyBytes: integer('ASSAY_MAX_BODY_BYTES', 1024, LARGEST_MAX_BODY_BYTES, DEFAULT_MAX_BODY_BYTES),
    dataDir: resolve(given('ASSAY_DATA_DIR') ?? '.assay'),
    database: databaseUrl === null ? null : Object.freeze({ url: databaseUrl, migrateUrl: migrateUrl ?? databaseUrl }),
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:']),
    adminToken,
    sigstoreMirrorUrl: url('ASSAY_SIGSTORE_MIRROR_URL', ['http:', 'https:'])?.replace(/\/+$/, '') ?? null,
    signing: lettingIn ? readSigningSettings({ env, given, fault }) : NO_SIGNING,
    log: purpose === 'serve' ? readLogSettings({ given, fault }, { publicUrl, sealing: role !== 'api' }) : NO_LOG,
  };
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config);
}

function adminTokenOf(token: string | null, file: string | null, fault: (text: string) => null): string | null {
  if (token !== null && file !== null) return fault('ASSAY_ADMIN_TOKEN and ASSAY_ADMIN_TOKEN_FILE exclude each other');
  const name = token === null ? 'ASSAY_ADMIN_TOKEN_FILE' : 'ASSAY_ADMIN_TOKEN';
  let value = token;
  if (file !== null) {
    try {
      value = readFileSync(file, 'utf8').trim();
    } catch (error) {
      return fault(`ASSAY_ADMIN_TOKEN_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (value === null) return null;
  if (value.length < ADMIN_TOKEN_MIN_LENGTH || value.length > 512) {
    return fault(`${name} must hold ${ADMIN_TOKEN_MIN_LENGTH} to 512 characters`);
  }
  // RFC 6750 section 2.1, b64token: anything else cannot be sent as a bearer token.
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(value)) return fault(`${name} may hold letters, digits and - . _ ~ + / only`);
  return value;
}

function publicUrlOf(url: string | null, fault: (text: string) => null): string | null {
  if (url === null) return null;
  const parsed = new URL(url);
  if (parsed.search !== '' || parsed.hash !== '' || parsed.username !== '' || parsed.password !== '') {
    return fault('ASSAY_PUBLIC_URL must not hold a query, a fragment or credentials');
  }
  return parsed.href.replace(/\/+$/, '');
}
