import { compileGlob } from '../intoto/glob.js';

/** Scheme and host as they stand before the first `/` of the path; no user before the host. */
const LITERAL_HOST = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[A-Za-z0-9._:[\]-]+\//;
/** A mail address, or a Fulcio user name, which is `user!domain`. */
const LITERAL_DOMAIN = /^[^@!/]*[@!][A-Za-z0-9.-]+$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * What is wrong with a glob of subjects, or null. A glob may not leave open whose subjects it is for: the host of a URI and
 * the domain of a mail address stand as they are, and nothing else begins with a wildcard or reaches across `/`.
 */
export function subjectGlobFault(glob: string): string | null {
  if (!glob.includes('*')) return 'holds no wildcard; give it as subject';
  switch (formOf(glob)) {
    case 'uri':
      return LITERAL_HOST.test(glob)
        ? null
        : 'must name scheme and host without wildcards, as https://github.com/acme/** does';
    case 'mail':
      return LITERAL_DOMAIN.test(glob) && !glob.includes('**')
        ? null
        : 'must name the domain without wildcards, and no ** before it, as *@example.com does';
    case 'other':
      if (glob.startsWith('*')) return 'must not begin with a wildcard';
      return glob.includes('**') || glob.includes('/') ? 'may hold / and ** only behind a scheme and a host' : null;
  }
}

/**
 * Compiles a glob of subjects: as `compileGlob`, but what is written as no address matches none, however it is covered,
 * and a path that leads elsewhere than it says (`..`) matches nothing.
 */
export function compileSubjectGlob(glob: string): (subject: string) => boolean {
  const matches = compileGlob(glob);
  switch (formOf(glob)) {
    case 'uri':
      return (subject) => matches(subject) && !DOT_SEGMENT.test(subject);
    case 'mail':
      return matches;
    case 'other':
      return (subject) => matches(subject) && !/[@!/]/.test(subject);
  }
}

function formOf(glob: string): 'uri' | 'mail' | 'other' {
  if (glob.includes('://')) return 'uri';
  return /[@!]/.test(glob) ? 'mail' : 'other';
}
