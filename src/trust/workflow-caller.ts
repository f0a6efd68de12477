import { quoted } from '../intoto/json-path.js';
import type { CertificateIdentity } from '../intoto/proved-signer.js';
import type { IdentityPattern } from './attestor.js';

/** Of a GitHub workflow: `https://host/owner/repository`; that repository may itself be called `.github`. */
const GITHUB_WORKFLOW = /^(https?:\/\/[^/]+\/[^/]+\/[^/]+)\/\.github\//;
/** Of a GitLab configuration: `https://host/group/project`, up to `//`. */
const GITLAB_WORKFLOW = /^(https?:\/\/[^/]+\/.+?)\/\//;
/** A value whose host and owner stand without wildcards. */
const LITERAL_OWNER = /^https?:\/\/[^/*]+\/[^/*]+(?:\/|$)/;

/**
 * Why a certificate for a workflow does not tell for whom it signed, or null where it does. Anybody may call a reusable
 * workflow: its certificate then names the workflow's own repository as subject, and the caller's in its claims (Fulcio
 * OID 1.3.6.1.4.1.57264.1.12). So an identity has to say whose calls it is for.
 *
 * @param subject of the certificate, by which it fits the pattern, claims included.
 */
export function callerFault(pattern: IdentityPattern, { claims }: CertificateIdentity, subject: string): string | null {
  const workflow = GITHUB_WORKFLOW.exec(subject) ?? GITLAB_WORKFLOW.exec(subject);
  const [, repository] = workflow ?? [];
  if (repository === undefined) return null;
  const caller = claims.sourceRepositoryUri ?? namedByHost(subject, claims.githubWorkflowRepository);
  if (caller === repository) return null;
  const { sourceRepositoryUri, sourceRepositoryOwnerUri } = pattern.claims;
  if ([sourceRepositoryUri, sourceRepositoryOwnerUri].some((glob) => glob !== undefined && LITERAL_OWNER.test(glob))) {
    return null;
  }
  if (caller === null) {
    return `the certificate does not say for which repository the workflow of ${quoted(repository)} ran`;
  }
  return (
    `the workflow of ${quoted(repository)} ran for ${quoted(caller)}; ` +
    'an identity for a reusable workflow must pin the claim sourceRepositoryUri or sourceRepositoryOwnerUri'
  );
}

/** Certificates from before the claim above name `owner/repository`, on the host of the workflow. */
function namedByHost(subject: string, repository: string | undefined): string | null {
  const host = /^https?:\/\/[^/]+\//.exec(subject);
  return repository === undefined || host === null ? null : `${host[0]}${repository}`;
}
