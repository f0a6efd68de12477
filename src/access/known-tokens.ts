import { AppError } from '../platform/app-error.js';
import type { Caller } from './caller.js';
import { bearerOf, hashToken, type TokenHash } from './token.js';

/** The access revision, which every change of tokens raises, and the database's clock; one snapshot. */
export interface AccessMoment {
  readonly revision: number;
  readonly now: Date;
}

export interface KnownToken {
  readonly caller: Caller;
  readonly expiresAt: Date | null;
}

/** Every token that may be let in, and those lately expired, as of one access revision. */
export interface KnownTokens {
  readonly revision: number;
  readonly byHash: ReadonlyMap<TokenHash, KnownToken>;
}

/**
 * Whom the Authorization header stands for at the moment `now`. A revoked token is not known, and its refusal the same as
 * that of one nobody ever issued.
 *
 * @throws AppError, unauthenticated: `token_missing`, `token_invalid`, `token_expired`
 */
export function callerOf(tokens: KnownTokens, authorization: string | undefined, now: Date): Caller {
  const known = tokens.byHash.get(hashToken(presentedToken(authorization)));
  if (known === undefined) throw refused('token_invalid', 'this token is not known here; it may have been revoked');
  if (known.expiresAt !== null && known.expiresAt <= now) {
    throw refused('token_expired', `this token expired at ${known.expiresAt.toISOString()}`);
  }
  return known.caller;
}

/** The token in the header. Throws AppError `token_missing` or, for another scheme or form, `token_invalid`. */
export function presentedToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw refused('token_missing', 'this route needs the header Authorization: Bearer, with a token');
  }
  const token = bearerOf(authorization);
  if (token === null) throw refused('token_invalid', 'the Authorization header holds no token of the scheme Bearer');
  return token;
}

function refused(code: 'token_missing' | 'token_invalid' | 'token_expired', detail: string): AppError {
  return new AppError('unauthenticated', code, detail);
}
