import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import type { Kind } from '../intoto/predicate-kind.js';
import type { Fact, FactContent } from './fact.js';
import { readSigner, type StoredSigner } from './stored-signer.js';

/** One fact as it stands in an image's row. */
interface ImageFactRow {
  readonly id: string;
  readonly attestation: AttestationId;
  readonly kind: Kind;
  readonly predicateType: string;
  readonly receivedAt: string;
  readonly ownTime: string | null;
  readonly signedDigest: Sha256Digest;
  readonly signers: readonly StoredSigner[];
  /** null where the content is too large to stand in the row. */
  readonly content: FactContent | null;
}

/** The rows whose kind and predicate type are asked for. */
export function factsAskedFor(
  rows: readonly unknown[],
  isAskedFor: (kind: Kind, predicateType: string) => boolean,
): readonly unknown[] {
  return (rows as readonly ImageFactRow[]).filter((row) => isAskedFor(row.kind, row.predicateType));
}

/** The ids of the facts whose content is not in the row and must be read besides. */
export function absentContents(rows: readonly unknown[]): readonly string[] {
  return (rows as readonly ImageFactRow[]).filter((row) => row.content === null).map((row) => row.id);
}

/**
 * The facts of an image's row as evaluation sees them.
 *
 * @param contents what `absentContents` asked for; a fact whose content is in neither place is an error, never an
 * empty fact.
 */
export function readImageFacts(rows: readonly unknown[], contents: ReadonlyMap<string, FactContent>): readonly Fact[] {
  return (rows as readonly ImageFactRow[]).map((row) => {
    const content = row.content ?? contents.get(row.id);
    if (content === undefined) throw new Error(`the content of fact ${row.id} is missing`);
    return {
      id: row.id,
      attestation: row.attestation,
      kind: row.kind,
      predicateType: row.predicateType,
      signers: row.signers.map(readSigner),
      receivedAt: row.receivedAt,
      ownTime: row.ownTime,
      content,
      signedDigest: row.signedDigest,
    };
  });
}
