import { entities } from '../../src/data-source.js';
import { createIngest, type Ingest } from '../../src/attestations/ingest.service.js';
import { IngestStore } from '../../src/attestations/ingest.store.js';
import { AttestationStore } from '../../src/attestations/attestation.store.js';
import { parseSubmission } from '../../src/attestations/submission.js';
import { FactStore } from '../../src/facts/fact.store.js';
import { HistoryStore } from '../../src/history/history.store.js';
import { ImageStateStore } from '../../src/images/image-state.store.js';
import { ImageStore } from '../../src/images/image.store.js';
import type { AttestationId } from '../../src/intoto/digest.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { parseAttestor } from '../../src/trust/parse-attestor.js';
import { putAttestor } from '../../src/trust/trust-change.js';
import { trustRootFormats } from '../../src/trust/trust-root-formats.js';
import { TrustStore } from '../../src/trust/trust.store.js';
import { DueEvidenceStore } from '../../src/verification/due-evidence.store.js';
import { EvidenceReader } from '../../src/verification/evidence-reader.service.js';
import { VerificationService } from '../../src/verification/verification.service.js';
import { VerificationStore } from '../../src/verification/verification.store.js';

/** The rooms between a posted body and an image's facts, over one database, without HTTP and queue. */
export interface Pipeline {
  readonly database: Database;
  readonly history: HistoryStore;
  readonly attestations: AttestationStore;
  readonly images: ImageStateStore;
  readonly trust: TrustStore;
  readonly dueEvidence: DueEvidenceStore;
  readonly verification: VerificationService;
  readonly ingest: Ingest;
  post(body: Buffer): Promise<AttestationId>;
  putAttestor(name: string, document: object): Promise<void>;
}

/** @param reader reads envelopes; by default without threads. */
export async function openPipeline(url: string, reader = new EvidenceReader()): Promise<Pipeline> {
  return pipelineOver(await openDatabase({ url, entities, applicationName: 'test', poolSize: 10 }), { reader });
}

export interface PipelineOptions {
  readonly reader?: EvidenceReader;
  /** Told of what was received. */
  readonly announce?: (ids: readonly AttestationId[]) => void;
}

/** The rooms of a process that has just started, on a database that is open already. */
export function pipelineOver(
  database: Database,
  { reader = new EvidenceReader(), announce = () => undefined }: PipelineOptions = {},
): Pipeline {
  const history = new HistoryStore(database);
  const trust = new TrustStore(database, history, trustRootFormats);
  const ingest = createIngest({
    store: new IngestStore(database),
    announce,
  });
  return {
    database,
    history,
    trust,
    dueEvidence: new DueEvidenceStore(database),
    ingest,
    attestations: new AttestationStore(database),
    images: new ImageStateStore(database),
    verification: new VerificationService(
      database,
      new VerificationStore(database),
      new FactStore(database),
      new ImageStore(),
      history,
      trust,
      reader,
    ),
    post: async (body) => (await ingest({ submission: parseSubmission(body), actor: 'token:test#1' })).id,
    putAttestor: async (name, document) => {
      const parsed = parseAttestor(name, document);
      await trust.change('token:test#1', (known, now) => putAttestor(known, parsed, now));
    },
  };
}
