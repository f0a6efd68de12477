import { TokenEntity, TokenRevocationEntity } from './access/token.entity.js';
import {
  AttestationEntity,
  AttestationSubjectEntity,
  EnvelopeEntity,
  SubjectReceiptEntity,
} from './attestations/attestation.entity.js';
import { ImageIndexEntity, ImageManifestEntity } from './images/image-index.entity.js';
import { FactEntity, FactSignerEntity } from './facts/fact.entity.js';
import {
  HistoryEntryEntity,
  HistorySequenceEntity,
  HistoryUnsequencedEntity,
  LogCheckpointEntity,
  LogCosignatureEntity,
  LogTileEntity,
} from './history/history.entity.js';
import { ImageEntity } from './images/image.entity.js';
import {
  SearchContentEntity,
  SearchEvidenceEntity,
  SearchLeftOutEntity,
  SearchProgressEntity,
} from './images/search.entity.js';
import { RevisionEntity } from './platform/revision.entity.js';
import { PolicyRevisionEntity } from './policy/policy.entity.js';
import {
  VerdictDependentEntity,
  VerdictEntity,
  VerdictLatestEntity,
  VerdictSignerEntity,
} from './policy/verdict.entity.js';
import { WaiverApprovalEntity, WaiverEntity, WaiverRevocationEntity } from './policy/waiver.entity.js';
import { DroppedEnvelopeEntity, LegalHoldEntity, LegalHoldReleaseEntity } from './retention/retention.entity.js';
import {
  AttestorStateEntity,
  IdentityRevocationEntity,
  KeyRevocationEntity,
  StatementActEntity,
  TrustGainEntity,
  TrustRootStateEntity,
} from './trust/trust.entity.js';
import { ReexaminationEntity, VerificationEntity } from './verification/verification.entity.js';

/** Every table of the schema, by name. */
export const entities = [
  AttestationEntity,
  AttestationSubjectEntity,
  AttestorStateEntity,
  DroppedEnvelopeEntity,
  EnvelopeEntity,
  FactEntity,
  FactSignerEntity,
  HistoryEntryEntity,
  HistorySequenceEntity,
  HistoryUnsequencedEntity,
  IdentityRevocationEntity,
  ImageEntity,
  ImageIndexEntity,
  ImageManifestEntity,
  KeyRevocationEntity,
  LegalHoldEntity,
  LegalHoldReleaseEntity,
  LogCheckpointEntity,
  LogCosignatureEntity,
  LogTileEntity,
  PolicyRevisionEntity,
  ReexaminationEntity,
  RevisionEntity,
  SearchContentEntity,
  SearchEvidenceEntity,
  SearchLeftOutEntity,
  SearchProgressEntity,
  StatementActEntity,
  SubjectReceiptEntity,
  TokenEntity,
  TokenRevocationEntity,
  TrustGainEntity,
  TrustRootStateEntity,
  VerdictEntity,
  VerdictDependentEntity,
  VerdictLatestEntity,
  VerdictSignerEntity,
  VerificationEntity,
  WaiverApprovalEntity,
  WaiverEntity,
  WaiverRevocationEntity,
];
