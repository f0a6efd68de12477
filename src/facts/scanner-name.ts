const NAME_BY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['aquasecurity/trivy', 'trivy'],
  ['aquasecurity.github.io/trivy', 'trivy'],
  ['trivy.dev', 'trivy'],
  ['anchore/grype', 'grype'],
  ['google/osv-scanner', 'osv-scanner'],
  ['quay/clair', 'clair'],
  ['snyk/cli', 'snyk'],
]);

/**
 * The tool's name where its URI or package URL is one of a scanner we know; else the URI, a package URL without its
 * version: scans of one scanner stay comparable when it is upgraded.
 */
export function scannerName(uri: string): string {
  const address = /^(?:https?:\/\/|pkg:[a-z]+\/)(?:www\.)?(?:github\.com\/)?([^/@?#]+)(?:\/([^/@?#]+))?/i.exec(uri);
  const [, first = '', second = ''] = address ?? [];
  const known = NAME_BY_ADDRESS.get(`${first}/${second}`.toLowerCase()) ?? NAME_BY_ADDRESS.get(first.toLowerCase());
  return known ?? uri.replace(/^(pkg:[^@?#]*)[@?#].*$/s, '$1');
}

/** The name under which a scanner that we know by its address calls itself, however it is written; else the name as it is. */
export function scannerNamed(name: string): string {
  const known = [...NAME_BY_ADDRESS.values()].find((each) => each === name.trim().toLowerCase().replaceAll(' ', '-'));
  return known ?? name;
}

/** The version a package URL names, or null. */
export function versionInPackageUrl(uri: string): string | null {
  return /^pkg:[^@?#]*@([^?#]+)/.exec(uri)?.[1] ?? null;
}
