import { compileGlob } from '../intoto/glob.js';
import { CLAIM_NAMES, type CertificateIdentity } from '../intoto/proved-signer.js';
import type { IdentityPattern } from './attestor.js';
import { compileSubjectGlob } from './subject-glob.js';

/** How a certificate compares with a pattern. */
export type PatternMatch =
  | {
      readonly fits: true;
      /** The subject of the certificate that does. */
      readonly subject: string;
    }
  | {
      readonly fits: false;
      /** What differs, where issuer or subject is right; else null. */
      readonly nearly: string | null;
      readonly nearness: Nearness;
    };

/** How near a certificate comes to a pattern: it has the issuer, or the subject, or both and not what is asked beyond them. */
export type Nearness = 'none' | 'issuer' | 'subject' | 'both';

export type CompiledPattern = (identity: CertificateIdentity) => PatternMatch;

/** Compiles a pattern without its trust root: under which root a certificate stands is another question. */
export function compilePattern(pattern: IdentityPattern): CompiledPattern {
  const { issuer, subject, subjectGlob } = pattern;
  const matchesSubject = compileSubject(pattern);
  const claims = CLAIM_NAMES.flatMap((name) => {
    const glob = pattern.claims[name];
    return glob === undefined ? [] : [{ name, glob, matches: compileGlob(glob) }];
  });
  return (identity) => {
    const fitting = identity.subjects.find(matchesSubject);
    if (identity.issuer !== issuer) {
      const nearly = fitting === undefined ? null : `the issuer is ${said(identity.issuer)}, not ${said(issuer)}`;
      return { fits: false, nearly, nearness: fitting === undefined ? 'none' : 'subject' };
    }
    if (fitting === undefined) {
      const subjects = identity.subjects.map(said).join(', ');
      return {
        fits: false,
        nearly: `the subject is ${subjects}, not ${said(subject ?? subjectGlob)}`,
        nearness: 'issuer',
      };
    }
    const wrong = claims.find(({ name, matches }) => {
      const value = identity.claims[name];
      return value === undefined || !matches(value);
    });
    if (wrong === undefined) return { fits: true, subject: fitting };
    const value = identity.claims[wrong.name] ?? null;
    return {
      fits: false,
      nearly: `the claim ${wrong.name} is ${said(value)}, not ${said(wrong.glob)}`,
      nearness: 'both',
    };
  };
}

/** Names a pattern: equal for equal ones alone. */
export function patternName({ issuer, subject, subjectGlob, claims, trustRoot }: IdentityPattern): string {
  return JSON.stringify([issuer, subject, subjectGlob, CLAIM_NAMES.map((name) => claims[name] ?? null), trustRoot]);
}

/**
 * Whether every certificate that fits a pattern also fits another, as far as that can be told: of an identity that is
 * covered by a compromised one nothing is left.
 */
export function covers(wide: IdentityPattern, narrow: IdentityPattern): boolean {
  // An OIDC issuer says who it is under whatever root; a subject without one means something within its root alone.
  if (wide.issuer !== narrow.issuer) return false;
  if (wide.issuer === null && wide.trustRoot !== narrow.trustRoot) return false;
  if (CLAIM_NAMES.some((name) => wide.claims[name] !== undefined && wide.claims[name] !== narrow.claims[name])) {
    return false;
  }
  if (narrow.subject !== null) return compileSubject(wide)(narrow.subject);
  return wide.subjectGlob === narrow.subjectGlob;
}

/** What a pattern says of itself, beside its trust root. */
export function patternOf(identity: IdentityPattern): IdentityPattern {
  const { issuer, subject, subjectGlob, claims, trustRoot } = identity;
  return { issuer, subject, subjectGlob, claims, trustRoot };
}

/** Compiles what a pattern says of the subject. */
export function compileSubject({ subject, subjectGlob }: IdentityPattern): (text: string) => boolean {
  if (subject !== null) return (text) => text === subject;
  return subjectGlob === null ? () => false : compileSubjectGlob(subjectGlob);
}

/** Longer than most subjects: cut short, two that differ would be told as one. */
const MAX_SAID_LENGTH = 500;

function said(text: string | null): string {
  if (text === null) return 'none';
  if (text.length <= MAX_SAID_LENGTH) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, MAX_SAID_LENGTH).toWellFormed())}…`;
}
