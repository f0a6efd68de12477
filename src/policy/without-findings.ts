import type { FactContent, Severity } from '../facts/fact.js';

/**
 * What a scan would say without some of its findings, as if they were ignored: they are neither listed nor counted. Other
 * content is as it was.
 */
export function withoutFindings(content: FactContent, ids: ReadonlySet<string>): FactContent {
  if (content.kind !== 'scan' || ids.size === 0) return content;
  const counts: Record<Severity, number> = { ...content.counts };
  const findings = content.findings.filter(({ id, severity }) => {
    if (!ids.has(id)) return true;
    // A report may count fewer than it lists.
    counts[severity] = Math.max(counts[severity] - 1, 0);
    return false;
  });
  return findings.length === content.findings.length ? content : { ...content, findings, counts };
}
