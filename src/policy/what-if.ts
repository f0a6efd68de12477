import type { FactStore } from '../facts/fact.store.js';
import type { Fact, FactContent } from '../facts/fact.js';
import type { StoredPredicate } from '../facts/stored-predicate.js';
import type { ImageFacts, ImageStateStore } from '../images/image-state.store.js';
import type { AttestationId, Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { CelEngine } from './cel.js';
import type { PolicyRevision } from './policy.store.js';
import type { VerdictService, VerdictServiceOptions } from './verdict.service.js';

/** Several revisions of a policy, asked about the same images at one moment and under one state of trust. */
export interface WhatIf {
  /** Reads what is known of these images, and forgets those before. */
  readonly look: (images: readonly Sha256Digest[]) => Promise<void>;
  /** Answers by this revision, published or not; whatever the question names as its policy. */
  readonly under: (revision: PolicyRevision) => VerdictService;
}

export interface WhatIfOptions {
  readonly verdicts: VerdictService;
  readonly images: ImageStateStore;
  readonly facts: FactStore;
  readonly trust: TrustSnapshot;
  readonly now: Date;
  /** Of its own: what an unpublished expression does must not end the thread that gates wait for. */
  readonly cel: CelEngine;
}

/** Each service made here has one policy, at the counter's one value. */
const COUNTER = 0;

export function whatIf({ verdicts, images, facts, trust, now, cel }: WhatIfOptions): WhatIf {
  const looked = new Map<SubjectDigest, ImageFacts>();
  const atThatMoment = (state: ImageFacts): ImageFacts => ({ ...state, now, trust: trust.revision, policy: COUNTER });
  const read = async (digest: SubjectDigest): Promise<ImageFacts> => {
    const [state] = await images.readFactsAside([digest]);
    return atThatMoment(state);
  };
  const readTogether: VerdictServiceOptions['images']['readFactsTogether'] = async (digests) => {
    const kept = digests.length === 1 ? looked.get(digests[0]) : undefined;
    const states = kept === undefined ? await images.readFactsAside(digests) : [kept];
    // One for each digest, in their order.
    return states.map(atThatMoment) as unknown as Awaited<ReturnType<typeof images.readFactsAside<typeof digests>>>;
  };
  const remembered = rememberingFacts(facts);
  const elsewhere: Partial<VerdictServiceOptions> = {
    images: { readFactsTogether: readTogether },
    facts: remembered,
    trust: { snapshotAt: () => Promise.resolve(trust) },
    cel,
  };
  return {
    async look(next) {
      looked.clear();
      remembered.forget();
      for (const state of await Promise.all(next.map(read))) looked.set(state.digest, state);
    },
    under: (revision) =>
      verdicts.under({
        ...elsewhere,
        policies: { loadCurrent: () => Promise.resolve({ counter: COUNTER, revision }) },
      }),
  };
}

/** Bytes of large contents and predicates are not counted; so many of them are kept at most. */
const MOST_REMEMBERED = 16;

/** What is too large for an image's row is read once for all the answers about the image that is looked at. */
function rememberingFacts(facts: FactStore): VerdictServiceOptions['facts'] & { readonly forget: () => void } {
  const contents = new Map<string, FactContent>();
  const predicates = new Map<AttestationId, StoredPredicate>();
  return {
    forget() {
      contents.clear();
      predicates.clear();
    },
    async contents(ids) {
      return remember(contents, ids, (absent) => facts.contents(absent));
    },
    async predicates(about) {
      const byAttestation = new Map(about.map((fact) => [fact.attestation, fact]));
      return remember(predicates, [...byAttestation.keys()], (absent) =>
        facts.predicates(absent.flatMap((id): Fact[] => [byAttestation.get(id)].flatMap((fact) => fact ?? []))),
      );
    },
  };
}

async function remember<Key, Value>(
  kept: Map<Key, Value>,
  keys: readonly Key[],
  read: (absent: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): Promise<ReadonlyMap<Key, Value>> {
  const known = new Map(keys.flatMap((key): [Key, Value][] => (kept.has(key) ? [[key, kept.get(key) as Value]] : [])));
  const absent = keys.filter((key) => !known.has(key));
  if (absent.length === 0) return known;
  const found = await read(absent);
  if (kept.size + found.size > MOST_REMEMBERED) kept.clear();
  for (const [key, value] of [...known, ...found]) if (kept.size < MOST_REMEMBERED) kept.set(key, value);
  return new Map([...known, ...found]);
}
