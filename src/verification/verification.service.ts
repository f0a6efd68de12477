import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readerRevisionOf } from '../facts/reader-of.js';
import { FactStore } from '../facts/fact.store.js';
import { HistoryStore } from '../history/history.store.js';
import { ImageStore } from '../images/image.store.js';
import type { AttestationId, SubjectDigest } from '../intoto/digest.js';
import { Database } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { TrustStore } from '../trust/trust.store.js';
import { dueExaminations, type DueExamination } from './due-examination.js';
import { EvidenceReader } from './evidence-reader.service.js';
import { couldNotFindOut, examine, type Examination } from './examine.js';
import { toVerificationEntry, toVerificationRecord } from './examination-record.js';
import { isDue } from './is-due.js';
import { verificationMaterial } from './verification-material.js';
import { VerificationStore, type Unexamined } from './verification.store.js';

const MAX_GROUP_BYTES = 16 * 1024 * 1024;

/** What one job brought: an outcome for every attestation that was due, none for those already examined. */
export interface Examined {
  readonly attestation: AttestationId;
  readonly outcome: string;
  readonly code: string | null;
}

/** Stored evidence to outcome to facts. */
@Injectable()
export class VerificationService {
  constructor(
    private readonly database: Database,
    private readonly verifications: VerificationStore,
    private readonly facts: FactStore,
    private readonly images: ImageStore,
    private readonly history: HistoryStore,
    private readonly trust: TrustStore,
    private readonly reader: EvidenceReader,
  ) {}

  /**
   * Examines the attestations that are due and records the outcomes, facts, history entries and image rows of the whole
   * group in one transaction. Safe to repeat and to run twice at once: what another worker has examined meanwhile is left
   * alone. Throws only when it could not find out; what of the group is recorded by then stays.
   */
  async examine(ids: readonly AttestationId[]): Promise<readonly Examined[]> {
    const due = await this.due(ids);
    if (due.length === 0) return [];
    const trust = await this.trust.snapshot();
    const examined: Examined[] = [];
    for (const evidence of withinBytes(await this.verifications.load(due))) {
      const examinations = await this.examineGroup(evidence, trust);
      examined.push(...(await this.record(evidence, examinations)));
    }
    return examined;
  }

  /**
   * Records that an attestation could not be examined, after its last try: visible, counted, and open to another try
   * later. Does nothing where it has been examined meanwhile.
   */
  async giveUp(id: AttestationId, reason: unknown): Promise<readonly Examined[]> {
    const evidence = await this.verifications.load(await this.due([id]));
    const { revision } = await this.trust.snapshot();
    return this.record(
      evidence,
      evidence.map(() => couldNotFindOut(revision, reason)),
    );
  }

  private async due(ids: readonly AttestationId[]): Promise<readonly AttestationId[]> {
    const latest = await this.verifications.latest(ids);
    return ids.filter((id) => isDue(latest.get(id)));
  }

  private async examineGroup(evidence: readonly Unexamined[], trust: TrustSnapshot): Promise<readonly Examination[]> {
    const bytes = await this.verifications.loadBytes(evidence.map((attestation) => attestation.id));
    const material = verificationMaterial(trust);
    return Promise.all(
      evidence.map(async ({ id, format, receivedAt }) => {
        const body = bytes.get(id);
        if (body === undefined) throw new Error(`the envelope of ${id} is missing`);
        return examine(await this.reader.read({ bytes: body, format }, material), receivedAt, trust);
      }),
    );
  }

  private record(evidence: readonly Unexamined[], examinations: readonly Examination[]): Promise<readonly Examined[]> {
    return inTransaction(this.database.dataSource, async (tx) => {
      // The locks come first: they order the workers that examine one digest, so that the last to commit projects the
      // facts of all, and they make the second look at what is due final.
      await this.verifications.lockUnfiled(
        tx,
        evidence.filter(({ subjects }) => subjects.length === 0).map(({ id }) => id),
      );
      await this.images.lock(
        tx,
        evidence.flatMap((attestation) => attestation.subjects),
      );
      const latest = await this.verifications.latestWithin(
        tx,
        evidence.map((attestation) => attestation.id),
      );
      const due = dueExaminations(evidence, examinations, latest);
      if (due.length === 0) return [];
      await this.write(
        tx,
        due.filter(({ unchanged }) => !unchanged),
      );
      const [again] = due;
      if (again !== undefined) {
        const ids = due.filter(({ unchanged }) => unchanged).map(({ attestation }) => attestation.id);
        await this.verifications.noteUnchanged(tx, ids, again.examination.trustRevision);
      }
      return due.map(({ attestation, examination: { outcome } }) => ({
        attestation: attestation.id,
        outcome: outcome.outcome,
        code: outcome.code,
      }));
    });
  }

  private async write(tx: EntityManager, due: readonly DueExamination[]): Promise<void> {
    if (due.length === 0) return;
    await this.verifications.insert(tx, due.map(toVerificationRecord));
    await this.facts.insert(
      tx,
      due.flatMap(({ attestation, examination: { outcome, signedDigest, facts, proved, signers } }) =>
        signedDigest === null
          ? []
          : [
              {
                attestation: attestation.id,
                receivedAt: attestation.receivedAt,
                signedDigest,
                readerRevision: readerRevisionOf(attestation.predicateType),
                facts,
                signers: proved,
                verified: outcome.outcome === 'verified' ? signers : null,
              },
            ],
      ),
    );
    await this.history.append(tx, due.map(toVerificationEntry));
    const [proving, others] = byWhatTheyProve(due);
    await this.facts.projectImages(tx, proving);
    await this.images.countExamined(tx, others);
  }
}

/** Splits a group so that no part holds more bytes in memory than one large envelope would. */
function withinBytes(evidence: readonly Unexamined[]): readonly (readonly Unexamined[])[] {
  const groups: Unexamined[][] = [];
  let bytes = 0;
  for (const attestation of evidence) {
    const group = groups.at(-1);
    bytes += attestation.size;
    if (group !== undefined && bytes <= MAX_GROUP_BYTES) group.push(attestation);
    else {
      groups.push([attestation]);
      bytes = attestation.size;
    }
  }
  return groups;
}

/**
 * How many first examinations each image had, apart for those about which something was proved and those about which
 * nothing was: what proves nothing rebuilds nothing, however much is known about the images it names.
 */
function byWhatTheyProve(
  due: readonly DueExamination[],
): readonly [proving: ReadonlyMap<SubjectDigest, number>, others: ReadonlyMap<SubjectDigest, number>] {
  const counts = new Map<SubjectDigest, number>();
  const proved = new Set<SubjectDigest>();
  for (const { attestation, examination, first } of due) {
    for (const subject of attestation.subjects) {
      counts.set(subject, (counts.get(subject) ?? 0) + (first ? 1 : 0));
      // What was proved by an earlier examination has to go where this one proves nothing.
      if (examination.facts.length > 0 || !first) proved.add(subject);
    }
  }
  const entries = [...counts];
  return [
    new Map(entries.filter(([subject]) => proved.has(subject))),
    new Map(entries.filter(([subject]) => !proved.has(subject))),
  ];
}
