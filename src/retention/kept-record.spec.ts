import { describe, expect, it } from 'vitest';
import { PREDICATE_TYPES, testResult } from '../../test/support/predicates.js';
import { envelopeOf, makeKey, statementAbout } from '../../test/support/sign.js';
import { parseSubmission } from '../attestations/submission.js';
import { deriveFacts } from '../facts/derive-facts.js';
import { readerRevisionOf } from '../facts/reader-of.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import type { LatestVerification } from '../verification/latest-verification.js';
import { isAsSigned, keptDigest, type KeptRecord } from './kept-record.js';

const TYPE = PREDICATE_TYPES.testResult;
const READER = readerRevisionOf(TYPE);
const PREDICATE = testResult('PASSED');
const BYTES = envelopeOf(statementAbout(`sha256:${'a'.repeat(64)}`, TYPE, PREDICATE), [makeKey('Ed25519')]);
const { id, format, payloadType } = parseSubmission(BYTES);

const LATEST = {
  readerRevision: READER,
  proved: [{ type: 'key', thumbprint: 't', scheme: 'EdDSA', times: [] } as unknown as ProvedSigner],
} as unknown as LatestVerification;

const RECORD: KeptRecord = {
  format,
  payloadType,
  predicateType: TYPE,
  kind: 'test',
  size: BYTES.length,
  subjects: [[0, `sha256:${'a'.repeat(64)}`, 'app']],
  facts: deriveFacts(TYPE, PREDICATE).map(({ content, ownTime }) => ({
    kind: content.kind,
    readerRevision: READER,
    predicateType: TYPE,
    ownTime,
    content,
  })),
};
const [FACT] = RECORD.facts;

describe('keptDigest', () => {
  it('is the same in whatever order subjects, facts and members are read', () => {
    const subjects = [
      [1, 'sha256:b', null],
      [0, 'sha256:c', 'app'],
      [0, 'sha256:b', 'app'],
    ] as const;
    const facts = [{ ...FACT!, readerRevision: 2 }, FACT!, { ...FACT!, kind: 'approval' }];
    const turned = facts.map((fact) => Object.fromEntries(Object.entries(fact).reverse()) as unknown as typeof fact);
    expect(keptDigest({ ...RECORD, subjects: [...subjects].reverse(), facts: turned.reverse() })).toBe(
      keptDigest({ ...RECORD, subjects, facts }),
    );
  });

  it.each<[string, Partial<KeptRecord>]>([
    ['format', { format: 'jws' }],
    ['kind', { kind: 'scan' }],
    ['size', { size: 1 }],
    ['subject', { subjects: [[0, `sha256:${'b'.repeat(64)}`, 'app']] }],
    ['fact', { facts: [{ ...FACT!, content: { ...(FACT!.content as object), result: 'failed' } }] }],
    ['number of facts', { facts: [] }],
  ])('is another with another %s', (_name, other) => {
    expect(keptDigest({ ...RECORD, ...other })).not.toBe(keptDigest(RECORD));
  });
});

describe('isAsSigned', () => {
  it('holds for what was filed and derived from the very bytes', () => {
    expect(isAsSigned(id, BYTES, RECORD, LATEST)).toBe(true);
  });

  it.each<[string, Partial<KeptRecord>]>([
    ['is filed under another subject', { subjects: [[0, `sha256:${'b'.repeat(64)}`, 'app']] }],
    ['says something else', { facts: [{ ...FACT!, content: { kind: 'test', result: 'failed' } }] }],
    ['says nothing any longer', { facts: [] }],
    ['is dated otherwise', { facts: [{ ...FACT!, ownTime: '2026-03-01T00:00:00.000Z' }] }],
  ])('does not hold where what is on record %s', (_name, other) => {
    expect(isAsSigned(id, BYTES, { ...RECORD, ...other }, LATEST)).toBe(false);
  });

  it('does not hold for other bytes, or for what is no evidence', () => {
    expect(isAsSigned(id, Buffer.concat([BYTES, Buffer.from(' ')]), RECORD, LATEST)).toBe(false);
    expect(isAsSigned(id, Buffer.from([0xff]), RECORD, LATEST)).toBe(false);
  });

  it('compares no facts of earlier readers, which nobody can derive again', () => {
    const earlier = { ...FACT!, readerRevision: READER - 1, content: { kind: 'test' } };
    expect(isAsSigned(id, BYTES, { ...RECORD, facts: [...RECORD.facts, earlier] }, LATEST)).toBe(true);
  });

  it('expects no facts where nobody was proved to have signed', () => {
    const nobody = { ...LATEST, proved: [] };
    expect(isAsSigned(id, BYTES, { ...RECORD, facts: [] }, nobody)).toBe(true);
    expect(isAsSigned(id, BYTES, { ...RECORD, facts: [] }, undefined)).toBe(true);
  });
});
