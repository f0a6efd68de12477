import { coalesce } from '../platform/coalesce.js';
import type { Caller } from './caller.js';
import { callerOf, presentedToken, type AccessMoment, type KnownToken, type KnownTokens } from './known-tokens.js';
import type { TokenStore } from './token.store.js';
import { hashToken } from './token.js';

/**
 * Tells who is calling. All tokens are kept in memory as of one access revision; a caller is known by them only when that
 * revision was read after his request arrived, so a revocation acts in the very next request of every process.
 */
export class Authenticator {
  private known: KnownTokens | null = null;
  private readonly moment: (key: 'access') => Promise<AccessMoment | undefined>;
  private readonly load: (key: 'tokens') => Promise<KnownTokens | undefined>;

  /** @param adminToken of the configuration; null: nobody is let in by one. */
  constructor(source: Pick<TokenStore, 'readMoment' | 'readKnown'>, adminToken: string | null) {
    const admin = adminToken === null ? [] : [[hashToken(adminToken), ADMIN] as const];
    this.moment = coalesce(async () => new Map([['access' as const, await source.readMoment()]]), { maxBatch: 1 });
    this.load = coalesce(
      async () => {
        const { revision, byHash } = await source.readKnown();
        const known = { revision, byHash: new Map([...byHash, ...admin]) };
        this.known = known;
        return new Map([['tokens' as const, known]]);
      },
      { maxBatch: 1 },
    );
  }

  /**
   * Whom an Authorization header stands for. Reads the access revision and the clock once for all requests of one turn;
   * an unknown token costs no more, and a header without a token nothing.
   *
   * @throws AppError, unauthenticated: `token_missing`, `token_invalid`, `token_expired`
   */
  async authenticate(authorization: string | undefined): Promise<Caller> {
    presentedToken(authorization);
    const { revision, now } = present(await this.moment('access'));
    return this.authenticateAt(revision, authorization, now);
  }

  /**
   * The same for a route that has read the access revision and the database's clock itself, after its request arrived.
   * Answers, or throws, at once while the tokens in memory are of that revision; else a promise, after reading them.
   */
  authenticateAt(revision: number, authorization: string | undefined, now: Date): Caller | Promise<Caller> {
    if (this.known?.revision === revision) return callerOf(this.known, authorization, now);
    // What is loaded may be newer than the revision asked for, and never older: the load begins after it was read.
    return this.load('tokens').then((known) => callerOf(present(known), authorization, now));
  }
}

const ADMIN: KnownToken = {
  caller: {
    id: 'admin',
    name: 'admin',
    actor: 'token:admin#admin',
    roles: new Set(['admin']),
    policies: null,
    parameters: null,
  },
  expiresAt: null,
};

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a load answered nothing');
  return value;
}
