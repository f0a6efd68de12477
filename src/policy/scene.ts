import type { Fact } from '../facts/fact.js';
import type { ImageRelations } from '../images/image-relations.js';
import type { Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import type { Thumbprint } from '../trust/signer.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { CelAnswers } from './cel-answers.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Clock } from './clock.js';
import type { GatheredEvidence } from './gathered-evidence.js';
import type { People } from './people.js';
import type { NamingBuild } from './naming-builds.js';
import type { Parameters, Via } from './verdict.js';
import type { WaiversByRequirement } from './waiver.js';

/** Everything that one evaluation at one moment may read. */
export interface Scene {
  readonly facts: readonly Fact[];
  readonly trust: TrustSnapshot;
  /** The keys with which this service signs verdicts of its own. */
  readonly ownKeys: ReadonlySet<Thumbprint>;
  /** Who is one person, and who one signer, among all who signed the facts. */
  readonly people: People;
  readonly signers: People;
  /** Who may be one person, where people are counted or left out. */
  readonly lookalikes: People;
  readonly parameters: Parameters;
  readonly digest: Sha256Digest;
  readonly repository: string | null;
  readonly answers: CelAnswers;
  /** What has been gathered for this verdict so far. */
  readonly gathered: GatheredEvidence;
  /** How the image is related to others. */
  readonly relations: ImageRelations;
  /** Those of them whose evidence serves here, beside the image's own. */
  readonly serving: readonly ServingImage[];
  /** What is known about other digests, of those that `furtherDigests` names. */
  readonly related: ReadonlyMap<SubjectDigest, RelatedEvidence>;
  /** The requirements about builds that may say what was built. */
  readonly namingBuilds: readonly NamingBuild[];
  /** Every requirement for builds, however deep. */
  readonly buildsAskedFor: readonly CompiledEvidence[];
  /** As `gathered`, for builds with every doubt resolved the other way round. */
  readonly gatheredInDoubt: GatheredEvidence;
  readonly clock: Clock;
  /** Those about this question; none below a `not`, where they could only do harm. */
  readonly waivers: WaiversByRequirement;
  /** Findings, by their ids, that scans are judged without. */
  readonly waivedFindings: ReadonlySet<string>;
  /**
   * Under a `not`, and not under a second one. There what passes denies, so that every doubt is resolved the other way
   * round: trust that went away still lets evidence pass, and no longer lets it stand in the way of passing.
   */
  readonly inverted: boolean;
}

/** The facts about another digest, with what has been gathered of them so far. */
export interface RelatedEvidence {
  readonly facts: readonly Fact[];
  readonly gathered: GatheredEvidence;
}

/** A related image with the facts about it. */
export interface ServingImage {
  readonly about: Sha256Digest;
  /** What it is to the image asked about. */
  readonly relation: Via['relation'];
  readonly facts: readonly Fact[];
}
