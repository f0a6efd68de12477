import type { Fact, Json } from '../facts/fact.js';
import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import type { JsonObject } from '../intoto/json.js';
import type { OpenQuestion } from './cel-answers.js';
import type { CelBatch, CelSubject } from './cel-batch.js';
import type { ReadPredicates } from './dropped-predicates.js';
import type { Parameters } from './verdict.js';

interface Place {
  readonly policyRef: { readonly name: string };
  readonly now: string;
  readonly parameters: Parameters;
  readonly digest: Sha256Digest;
  readonly repository: string | null;
  readonly predicates: ReadonlyMap<AttestationId, Json>;
  readonly dropped: ReadPredicates['dropped'];
}

/**
 * The questions of one verdict with the values of their variables; each fact once, and of it only the fields that are spoken
 * of: a scan of many findings is not carried to another thread for its counts. Predicates only where asked for.
 */
export function celBatch(open: readonly OpenQuestion[], place: Place): CelBatch {
  const withPredicate = new Set(
    open.filter(({ expression }) => expression.variables.has('predicate')).map(({ fact }) => fact),
  );
  const facts = [...new Set(open.flatMap(({ fact }) => (fact === null ? [] : [fact])))];
  const places = new Map(facts.map((fact, index) => [fact, index]));
  return {
    policy: place.policyRef.name,
    now: place.now,
    params: place.parameters,
    image: { digest: place.digest, repository: place.repository },
    subjects: facts.map((fact) =>
      subjectOf(fact, fieldsSpokenOf(open, fact), withPredicate.has(fact) ? predicateOf(fact, place) : null),
    ),
    questions: open.map(({ expression, fact, guard }) => ({
      expression: expression.source,
      subject: fact === null ? null : (places.get(fact) ?? null),
      guard,
    })),
  };
}

/** The predicate as it stands in the payload. Its absence is a malfunction: a check over nothing would answer anything. */
function predicateOf(fact: Fact, { predicates, dropped }: Place): Json {
  const predicate =
    predicates.get(fact.attestation) ?? ('predicate' in fact.content ? fact.content.predicate : undefined);
  // Whatever is answered about it, the answer is not taken.
  if (predicate === undefined && dropped.has(fact.attestation)) return null;
  if (predicate === undefined) throw new Error(`the predicate of ${fact.attestation} is missing`);
  return predicate;
}

/** null: any. */
function fieldsSpokenOf(open: readonly OpenQuestion[], about: Fact): ReadonlySet<string> | null {
  const fields = new Set<string>();
  for (const { expression, fact } of open) {
    if (fact !== about) continue;
    if (expression.factFields === null) return null;
    for (const field of expression.factFields) fields.add(field);
  }
  return fields;
}

function subjectOf(fact: Fact, fields: ReadonlySet<string> | null, predicate: Json): CelSubject {
  const { attestation, kind, predicateType, receivedAt, ownTime, signers } = fact;
  return {
    fact: only(fields, { ...contentOf(fact), kind, predicateType, receivedAt, ownTime }),
    predicate,
    attestation: {
      id: attestation,
      predicateType,
      receivedAt,
      signers: signers.map(({ thumbprint, provenAt }) => ({ thumbprint, provenAt })),
    },
  };
}

function only(fields: ReadonlySet<string> | null, whole: JsonObject): JsonObject {
  if (fields === null) return whole;
  return Object.fromEntries(Object.entries(whole).filter(([name]) => fields.has(name)));
}

/** A fact's content is JSON by what it holds; its type says more than JSON's can. The predicate is a variable of its own. */
function contentOf({ content }: Fact): JsonObject {
  if (!('predicate' in content)) return content as unknown as JsonObject;
  return { kind: content.kind };
}
