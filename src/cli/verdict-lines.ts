import { printable, shortDigest } from './printable.js';
import type { VerdictAnswer } from './verdict-answer.js';

type Requirement = VerdictAnswer['requirements'][number];

/** Puts a text in the colour of what it says; the identity where colours are not wanted. */
export type Paint = (tone: 'good' | 'bad' | 'doubtful' | 'quiet', text: string) => string;

/** Pieces of considered evidence beyond these are only counted. */
const CONSIDERED_SHOWN = 5;

/**
 * The verdict for people: the decision, then each requirement with why it holds or not, and for those that do not, which
 * evidence was looked at and what is missing.
 */
export function verdictLines(verdict: VerdictAnswer, paint: Paint): readonly string[] {
  return linesOf(verdict, paint, () => []);
}

function linesOf(
  verdict: VerdictAnswer,
  paint: Paint,
  besides: (requirement: Requirement) => readonly string[],
): readonly string[] {
  const { decision, image, policy, pending, requirements } = verdict;
  const reference = image.repository ? `${image.repository}@${image.digest}` : image.digest;
  const head = printable(`${reference} under ${policy.name}, revision ${policy.revision}${parametersText(verdict)}`);
  const width = Math.max(0, ...requirements.map(({ id }) => printable(id).length));
  return [
    `${decision === 'allow' ? paint('good', 'ALLOW') : paint('bad', 'DENY')}  ${head}`,
    ...(verdict.wouldDeny === true ? [paint('doubtful', 'the policy only audits; enforced, it would deny')] : []),
    ...requirements.flatMap((requirement) => [
      ...requirementLines(requirement, width, paint),
      ...besides(requirement).map((line) => `${' '.repeat(width + 6)}${printable(line)}`),
    ]),
    ...(pending ? [paint('doubtful', 'evidence for this image is still being verified; --wait waits for it')] : []),
    ...(verdict.id ? [paint('quiet', printable(`on record as ${verdict.id}`))] : []),
  ];
}

/**
 * The same with the findings that count for nothing, and below it what to do next: the least that would turn a deny into an
 * allow, one thing a line.
 */
export function explainedLines(verdict: VerdictAnswer, paint: Paint): readonly string[] {
  return [...linesOf(verdict, paint, leftOutLines), ...nextLines(verdict)];
}

/** Findings that count for nothing beyond these are only counted. */
const LEFT_OUT_SHOWN = 20;

function leftOutLines({ removed, removedCount, ignored, ignoredCount }: Requirement): readonly string[] {
  const removals = (removed ?? []).map(
    ({ status, attestor, attestation, ...finding }) =>
      `removed: ${found(finding)}, ${status} by VEX ${shortDigest(attestation)} of ${attestor}`,
  );
  const exceptions = (ignored ?? []).map(
    ({ until, reason, ...finding }) => `ignored: ${found(finding)}, until ${until}: ${reason}`,
  );
  return [
    ...shortened(removals, removedCount ?? removals.length, 'removed'),
    ...shortened(exceptions, ignoredCount ?? exceptions.length, 'ignored'),
  ];
}

function found({
  vulnerability,
  package: where,
}: {
  vulnerability: string;
  package?: string | null | undefined;
}): string {
  return where ? `${vulnerability} in ${where}` : vulnerability;
}

function shortened(lines: readonly string[], count: number, what: string): readonly string[] {
  const shown = lines.slice(0, LEFT_OUT_SHOWN);
  return count > shown.length ? [...shown, `and ${count - shown.length} more ${what}`] : shown;
}

function nextLines({ decision, requirements, missing }: VerdictAnswer): readonly string[] {
  if (decision === 'allow') return ['nothing is missing'];
  const steps = (missing ?? []).map(({ requirement, count, text }) => {
    return `  ${count === 0 ? 'bring about' : 'post'} ${text}  (${requirement})`;
  });
  if (steps.length > 0) return ['what to do next:', ...steps.map(printable)];
  // A verdict of before there was a list tells of each requirement alone.
  const told = requirements.flatMap(({ id, missing: text }) => (text ? [printable(`  ${text}  (${id})`)] : []));
  if (told.length > 0) return ['what to do next:', ...told];
  return ['no requirement of the policy applies here: ask under another policy, or with other parameters'];
}

function requirementLines(requirement: Requirement, width: number, paint: Paint): readonly string[] {
  const { id, message, missing, considered } = requirement;
  const { mark, tone } = markOf(requirement.status);
  const line = `  ${paint(tone, mark)} ${printable(id).padEnd(width)}  ${printable(message)}`;
  if (tone === 'good' || tone === 'quiet') return [line];
  const shown = (considered ?? []).slice(0, CONSIDERED_SHOWN);
  const rest = (considered ?? []).length - shown.length;
  const indent = ' '.repeat(width + 6);
  return [
    line,
    ...(missing ? [`${indent}missing: ${printable(missing)}`] : []),
    ...shown.map(
      ({ attestation, code, message: why }) => `${indent}${shortDigest(attestation)} ${printable(`${code}: ${why}`)}`,
    ),
    ...(rest > 0 ? [`${indent}and ${rest} more looked at`] : []),
  ];
}

function markOf(status: string): { readonly mark: string; readonly tone: Parameters<Paint>[0] } {
  switch (status) {
    case 'satisfied':
      return { mark: '✓', tone: 'good' };
    case 'waived':
      return { mark: '~', tone: 'doubtful' };
    case 'not_applicable':
      return { mark: '-', tone: 'quiet' };
    case 'error':
      return { mark: '!', tone: 'bad' };
    default:
      return { mark: '✗', tone: 'bad' };
  }
}

function parametersText({ parameters }: VerdictAnswer): string {
  const given = Object.entries(parameters ?? {}).map(([name, value]) => `${name}=${value}`);
  return given.length === 0 ? '' : ` (${given.join(', ')})`;
}
