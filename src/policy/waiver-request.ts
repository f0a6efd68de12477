import { z } from 'zod';
import { AppError } from '../platform/app-error.js';
import { ignoredUntil, UNTIL_EXAMPLES } from './ignored-finding.js';
import { parseParameters } from './parse-parameters.js';
import type { PolicyDocument } from './policy-document.js';
import type { WaiverRequested } from './recorded-waiver.js';
import { parseDigest, parseRepository } from './verdict-request.js';
import { misfitOf } from './waivable-requirements.js';
import type { WaiverScope } from './waiver.js';

const LONGEST_DAYS = 366;
const LONGEST_MS = LONGEST_DAYS * 86_400_000;
const MOST_APPROVALS = 10;

/** What is kept and quoted in verdicts. */
const words = (least: number, most: number): z.ZodString => z.string().trim().min(least).max(most);

/** The body of a request for a waiver. */
export const waiverRequest = z.strictObject({
  policy: z.string().min(1).max(200),
  requirement: z.string().min(1).max(200).describe('The id of one requirement of the policy'),
  vulnerability: words(1, 200).optional().describe('One finding, by the id that the scan gives it; of scans only'),
  scope: z
    .strictObject({ digest: z.string().max(1000).optional(), repository: z.string().max(1000).optional() })
    .refine(
      ({ digest, repository }) => (digest === undefined) !== (repository === undefined),
      'expected either a digest or a repository',
    )
    .describe('Either one image, or one repository as gates name it'),
  parameters: z
    .record(z.string().min(1).max(200), z.union([z.string().max(1000), z.number(), z.boolean()]))
    .optional()
    .describe('Only where it is asked with these; others may be anything'),
  reason: words(1, 1000).describe('Quoted in every verdict that uses it'),
  reference: words(1, 500).describe('Where the decision is written down: a ticket, a link'),
  until: z
    .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: `expected ${UNTIL_EXAMPLES}` })
    .describe(`When it ends; a date holds to its end in UTC. It must lie ahead, and no more than ${LONGEST_DAYS} days`),
  approvals: z
    .number()
    .int()
    .min(0)
    .max(MOST_APPROVALS)
    .optional()
    .describe('How many others must approve it before it holds; default none'),
});
export type WaiverRequest = z.infer<typeof waiverRequest>;

/** The body of a request to revoke a waiver. */
export const waiverRevocationRequest = z.strictObject({ reason: words(1, 1000) });
export type WaiverRevocationRequest = z.infer<typeof waiverRevocationRequest>;

/**
 * What a request asks for, held against the current document of its policy.
 *
 * @throws AppError `waiver_malformed`, `parameter_invalid`, `digest_malformed`, `repository_malformed`
 */
export function parseWaiverRequest(request: WaiverRequest, document: PolicyDocument): WaiverRequested {
  const {
    policy,
    requirement,
    vulnerability = null,
    parameters = {},
    reason,
    reference,
    until,
    approvals = 0,
  } = request;
  const scope = scopeOf(request.scope);
  const misfit = misfitOf({ requirement, vulnerability, parameters: {} }, document);
  if (misfit !== null) throw waiverFault(misfit.path, misfit.message);
  return {
    policy,
    requirement,
    vulnerability,
    scope,
    parameters: parseParameters(withAllOptional(document), parameters),
    reason,
    reference,
    until: endOf(until),
    approvals,
  };
}

/** A date is held to its end in UTC, as `until` in a policy. */
function endOf(until: string): Date {
  const end = ignoredUntil(until);
  if (end === null) throw waiverFault('until', `expected ${UNTIL_EXAMPLES}`);
  return new Date(end);
}

/** Throws AppError `waiver_malformed` where a waiver made at this moment would have ended already, or end too late. */
export function assertEnd(until: Date, now: Date): void {
  const ahead = until.getTime() - now.getTime();
  if (ahead <= 0) throw waiverFault('until', 'must lie ahead');
  if (ahead > LONGEST_MS) throw waiverFault('until', `must be no more than ${LONGEST_DAYS} days ahead`);
}

function scopeOf({ digest, repository }: WaiverRequest['scope']): WaiverScope {
  if (digest !== undefined) return { type: 'digest', digest: parseDigest(digest, 'scope.digest') };
  return { type: 'repository', repository: parseRepository(repository ?? '', 'scope.repository') };
}

/** A waiver names only the parameters that it is about, where a question must give all that are required. */
function withAllOptional(document: PolicyDocument): PolicyDocument {
  const declared = Object.entries(document.parameters ?? {});
  const parameters = Object.fromEntries(
    declared.map(([name, declaration]) => [name, { ...declaration, required: false, default: undefined }]),
  );
  return { ...document, parameters };
}

function waiverFault(path: string, message: string): AppError {
  return new AppError('malformed', 'waiver_malformed', `${path}: ${message}`, { errors: [{ path, message }] });
}
