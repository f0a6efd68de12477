import { AppError } from '../platform/app-error.js';
import type { Attestor, AttestorIdentity, AttestorKey } from './attestor.js';
import { isSameAttestor } from './canonical-attestor.js';
import { patternName } from './identity-pattern.js';
import type { AttestorDocument, KeyDocument } from './parse-attestor.js';
import type { IdentityDocument } from './parse-identity.js';

/**
 * The attestor that a document makes of the previous one. A key or an identity that the document leaves out is kept, retired
 * from `now` on (RFC 3339) unless it was retired before; one named again is no longer retired. Nothing else of the previous
 * remains. Keys are told apart by thumbprint and identities by pattern; that ids agree with the previous is for
 * `admitKeys` and `admitIdentities` to say.
 */
export function applyPut(previous: Attestor | null, document: AttestorDocument, now: string): Attestor {
  return {
    ...document,
    keys: merged(previous?.keys ?? [], document.keys, ({ thumbprint }) => thumbprint, now),
    identities: merged(previous?.identities ?? [], document.identities, patternName, now),
  };
}

/**
 * The attestor with one more key, or with a retired one taken back. A key that is there as named changes nothing.
 *
 * @throws AppError `key_id_taken` where the attestor names it with other terms.
 */
export function applyKey(previous: Attestor, document: KeyDocument): Attestor {
  const known = previous.keys.find(({ id }) => id === document.id);
  const next = { ...previous, keys: withOne(previous.keys, document) };
  if (known?.retiredAt === null && !isSameAttestor(previous, next)) {
    throw new AppError('conflict', 'key_id_taken', `key ${document.id} is there already; ${PUT_INSTEAD}`);
  }
  return next;
}

/**
 * The attestor with one more identity, or with a retired one taken back. One that is there as named changes nothing.
 *
 * @throws AppError `identity_id_taken` where the attestor names it with other terms.
 */
export function applyIdentity(previous: Attestor, document: IdentityDocument): Attestor {
  const known = previous.identities.find(({ id }) => id === document.id);
  const next = { ...previous, identities: withOne(previous.identities, document) };
  if (known?.retiredAt === null && !isSameAttestor(previous, next)) {
    throw new AppError('conflict', 'identity_id_taken', `identity ${document.id} is there already; ${PUT_INSTEAD}`);
  }
  return next;
}

const PUT_INSTEAD = 'PUT the attestor to change its terms';

type Held = AttestorKey | AttestorIdentity;
type Named<H extends Held> = Omit<H, 'retiredAt'>;

function merged<H extends Held>(
  before: readonly H[],
  named: readonly Named<H>[],
  nameOf: (element: Named<H>) => string,
  now: string,
): readonly H[] {
  const names = new Set(named.map(nameOf));
  const left = before.filter((element) => !names.has(nameOf(element)));
  return byId([
    ...named.map((element) => unretired<H>(element)),
    ...left.map((element) => ({ ...element, retiredAt: element.retiredAt ?? now })),
  ]);
}

function withOne<H extends Held>(before: readonly H[], named: Named<H> & { readonly id: string }): readonly H[] {
  return byId([...before.filter(({ id }) => id !== named.id), unretired<H>(named)]);
}

/** What the compiler cannot tell of a type parameter: with its retirement, what is named is what is held. */
function unretired<H extends Held>(named: Named<H>): H {
  return { ...named, retiredAt: null } as unknown as H;
}

function byId<H extends Held>(held: readonly H[]): readonly H[] {
  return [...held].sort((a, b) => (a.id < b.id ? -1 : 1));
}
