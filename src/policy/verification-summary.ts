import { PackageURL } from 'packageurl-js';
import type { Sha256Digest } from '../intoto/digest.js';
import { sortedIds } from './considered.js';
import type { PolicyDocument } from './policy-document.js';
import { provedBuildLevel } from './proved-build-level.js';
import type { IdentifiedVerdict } from './verdict.js';

export const VERIFICATION_SUMMARY = 'https://slsa.dev/verification_summary/v1';

/** Stands for the service where nobody said under which URL it is reached. */
const UNNAMED_SERVICE = 'assay://local';

export interface SummaryPlace {
  /** Under which clients reach this service, without a trailing slash; null where it was not said. */
  readonly publicUrl: string | null;
  /** The revision by which the verdict was given. */
  readonly document: PolicyDocument;
  /** Where the verdict stands in the account, and once it is sealed the proof of that. */
  readonly entry: { readonly entry: string; readonly proof: string | null };
}

/**
 * A verdict as an in-toto Statement v1 about the image, with a SLSA verification summary v1 (SLSA
 * spec/verification_summary.md). It binds what the verdict rests on: the policy's revision and digest, the parameters, the
 * evidence. A deny is `FAILED`.
 *
 * What the predicate has no field for stands in extension fields, which begin with `assay_` and alter the meaning of no
 * other field (SLSA, parsing rules: `<vendor>_<fieldname>`).
 */
export function verificationSummary(verdict: IdentifiedVerdict, { publicUrl, document, entry }: SummaryPlace): object {
  const { image, policy } = verdict;
  const service = publicUrl ?? UNNAMED_SERVICE;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ ...(image.repository === null ? {} : { name: image.repository }), digest: digestSetOf(image.digest) }],
    predicateType: VERIFICATION_SUMMARY,
    predicate: {
      verifier: { id: service },
      timeVerified: verdict.evaluatedAt,
      resourceUri: resourceUri(image.digest, image.repository),
      policy: {
        uri: `${service}/v1/policies/${encodeURIComponent(policy.name)}/revisions/${policy.revision}`,
        digest: digestSetOf(policy.digest),
      },
      inputAttestations: sortedIds(verdict.requirements.flatMap(({ evidence }) => evidence)).map((id) => ({
        uri: `${service}/v1/attestations/${id}`,
        digest: { sha256: hexOf(id) },
      })),
      verificationResult: verdict.decision === 'allow' ? 'PASSED' : 'FAILED',
      verifiedLevels: verifiedLevels(verdict, document),
      assay_verdict: verdict.id,
      assay_historyEntry: entry.entry,
      assay_historyProof: entry.proof,
      assay_policy: policy.name,
      assay_policyRevision: policy.revision,
      assay_parameters: verdict.parameters,
      assay_pending: verdict.pending,
      assay_validUntil: verdict.validUntil,
      assay_waivers: verdict.waivers,
    },
  };
}

/**
 * A package URL of type `oci` where the repository is known: its last segment as the name and the whole of it as
 * `repository_url`. Else the digest, which is a URI of its own scheme.
 */
export function resourceUri(digest: Sha256Digest, repository: string | null): string {
  if (repository === null) return digest;
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  return new PackageURL('oci', undefined, name, digest, { repository_url: repository }, undefined).toString();
}

/** `FAILED` for a deny; else the level that was proved, or that none was looked for (SLSA, SlsaResult). */
function verifiedLevels(verdict: IdentifiedVerdict, document: PolicyDocument): readonly string[] {
  if (verdict.decision === 'deny') return ['FAILED'];
  return [`SLSA_BUILD_LEVEL_${provedBuildLevel(document, verdict) ?? 'UNEVALUATED'}`];
}

function digestSetOf(digest: Sha256Digest): { readonly sha256: string } {
  return { sha256: hexOf(digest) };
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
