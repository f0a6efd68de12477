import { hash } from 'node:crypto';

declare const brand: unique symbol;

/** The sha256 of a token, lower-case hex: all that is kept of it. */
export type TokenHash = string & { readonly [brand]: 'TokenHash' };

/** 256 bits cannot be guessed, so one round of a fast hash keeps a stolen table as useless as a slow one would. */
export const TOKEN_BYTES = 32;
/** Names a token in lists and in the history; says nothing about the token itself. */
export const TOKEN_ID_BYTES = 8;

/** The prefix lets secret scanners recognize a token that was left somewhere. */
const PREFIX = 'assay_';

const TOKEN_ID = new RegExp(`^[0-9a-f]{${2 * TOKEN_ID_BYTES}}$`);

/** RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/** The token made of TOKEN_BYTES of randomness. */
export function tokenOf(random: Uint8Array): string {
  return PREFIX + encode(random, TOKEN_BYTES, 'base64url');
}

/** The id made of TOKEN_ID_BYTES of randomness other than the token's. */
export function tokenIdOf(random: Uint8Array): string {
  return encode(random, TOKEN_ID_BYTES, 'hex');
}

/** Whether the text has the form of a token's id. */
export function isTokenId(text: string): boolean {
  return TOKEN_ID.test(text);
}

/**
 * Tokens are only ever compared by this hash. How long a look-up by it takes may tell how much of the hash of a guess is
 * that of a token, which is no step towards the token: nobody can choose the hash of what he sends.
 */
export function hashToken(token: string): TokenHash {
  return hash('sha256', token, 'hex') as TokenHash;
}

/** The token in an Authorization header, or null where it holds none in the Bearer scheme. */
export function bearerOf(authorization: string | undefined): string | null {
  return BEARER.exec(authorization ?? '')?.[1] ?? null;
}

function encode(random: Uint8Array, length: number, encoding: 'hex' | 'base64url'): string {
  if (random.length !== length) throw new RangeError(`expected ${length} random bytes, got ${random.length}`);
  return Buffer.from(random).toString(encoding);
}
