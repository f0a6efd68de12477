import { AppError } from '../platform/app-error.js';
import type { Role } from '../platform/roles.js';

export type PinnedValue = string | number | boolean;

/** Who is calling, and what he may do. */
export interface Caller {
  /** The token's id. */
  readonly id: string;
  readonly name: string;
  /** As the history names him: `token:`, the name, `#` and the id. */
  readonly actor: string;
  readonly roles: ReadonlySet<Role>;
  /** The only policies by which he may ask for verdicts; null: by any. */
  readonly policies: readonly string[] | null;
  /** The parameters that are his, whatever he asks; null: none. */
  readonly parameters: Readonly<Record<string, PinnedValue>> | null;
}

/** How the history names the caller by this token. */
export function actorOf(name: string, id: string): string {
  return `token:${name}#${id}`;
}

/** Whether the caller has at least one of the roles; `admin` has all. */
export function hasRole(caller: Caller, ...roles: readonly Role[]): boolean {
  return caller.roles.has('admin') || roles.some((role) => caller.roles.has(role));
}

/** Throws AppError `role_missing`, naming the roles that would do, unless the caller has one of them. */
export function assertRole(caller: Caller, roles: readonly Role[]): void {
  if (hasRole(caller, ...roles)) return;
  const wanted = new Set<Role>([...roles, 'admin']);
  throw new AppError(
    'forbidden',
    'role_missing',
    `needs the role ${[...wanted].join(' or ')}; this token has ${[...caller.roles].join(', ') || 'none'}`,
  );
}
