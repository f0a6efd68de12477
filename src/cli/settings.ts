import { readFileSync } from 'node:fs';
import { Failure } from './failure.js';

/** Where the service is and who is asking. */
export interface Settings {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string;
}

export const DEFAULT_URL = 'http://127.0.0.1:8080';

const NO_TOKEN = [
  '  set ASSAY_TOKEN, or ASSAY_TOKEN_FILE to a file that holds it',
  '  a service on its defaults keeps the token made on its first start in .assay/admin-token',
];

/**
 * Reads where to ask and with which token; `url` is the one from the command line. There is no option for the token: what
 * is typed stays in the shell's history and shows in the list of processes. Throws Failure saying what to set.
 */
export function readSettings(env: NodeJS.ProcessEnv, url: string | undefined): Settings {
  return { url: readUrl(env, url), token: readToken(env) };
}

/** The base URL alone. Throws Failure where it is none. */
export function readUrl(env: NodeJS.ProcessEnv, given: string | undefined): string {
  const name = given === undefined ? 'ASSAY_URL' : '--url';
  const text = given ?? (set(env.ASSAY_URL) ? env.ASSAY_URL : DEFAULT_URL);
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Failure(`${name} is not a URL that starts with http:// or https://`);
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new Failure(`${name} must not hold a query, a fragment or credentials`);
  }
  return url.href.replace(/\/+$/, '');
}

function readToken(env: NodeJS.ProcessEnv): string {
  const { ASSAY_TOKEN: token, ASSAY_TOKEN_FILE: file } = env;
  if (set(token) && set(file)) throw new Failure('ASSAY_TOKEN and ASSAY_TOKEN_FILE are both set; unset one');
  if (set(token)) return checked(token.trim(), 'ASSAY_TOKEN');
  if (!set(file)) throw new Failure('no token to ask with', NO_TOKEN);
  try {
    return checked(readFileSync(file, 'utf8').trim(), 'ASSAY_TOKEN_FILE');
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`ASSAY_TOKEN_FILE cannot be read: ${why}`, [], { cause });
  }
}

/** What cannot stand in the header is refused here, by name and without showing it. */
function checked(token: string, name: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Failure(`${name} holds ${token === '' ? 'nothing' : 'spaces or characters that no token has'}`);
}

/** An empty variable is what a pipeline leaves of a secret it has not: the same as none. */
function set(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}
