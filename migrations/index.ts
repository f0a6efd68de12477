import { ServiceRole1764000000000 } from './1764000000000-service-role.js';
import { History1764000000100 } from './1764000000100-history.js';
import { Access1764000000200 } from './1764000000200-access.js';
import { Trust1764000000300 } from './1764000000300-trust.js';
import { Attestations1764000000400 } from './1764000000400-attestations.js';
import { Images1764000000500 } from './1764000000500-images.js';
import { VerificationsAndFacts1764000000600 } from './1764000000600-verifications-and-facts.js';
import { PoliciesAndVerdicts1764000000700 } from './1764000000700-policies-and-verdicts.js';
import { IdentitiesAndRoots1764000000800 } from './1764000000800-identities-and-roots.js';
import { ProvedSigners1764000000900 } from './1764000000900-proved-signers.js';
import { KindsOfPredicates1764000001000 } from './1764000001000-kinds-of-predicates.js';
import { Waivers1764000001100 } from './1764000001100-waivers.js';
import { ImageIndexes1764000001300 } from './1764000001300-image-indexes.js';
import { ImageRelations1764000001310 } from './1764000001310-image-relations.js';
import { SealedLog1764000001400 } from './1764000001400-sealed-log.js';
import { Search1764000001500 } from './1764000001500-search.js';
import { Timelines1764000001600 } from './1764000001600-timelines.js';
import { Partitions1764000001700 } from './1764000001700-partitions.js';
import { VerdictDependents1764000001800 } from './1764000001800-verdict-dependents.js';
import { Retention1764000001900 } from './1764000001900-retention.js';
import { AttestationsOfSigners1764000002000 } from './1764000002000-attestations-of-signers.js';
import { SearchByVex1764000002300 } from './1764000002300-search-by-vex.js';

/** Every schema change, oldest first. Read and written as SQL, never edited once released. */
export const migrations = [
  ServiceRole1764000000000,
  History1764000000100,
  Access1764000000200,
  Trust1764000000300,
  Attestations1764000000400,
  Images1764000000500,
  VerificationsAndFacts1764000000600,
  PoliciesAndVerdicts1764000000700,
  IdentitiesAndRoots1764000000800,
  ProvedSigners1764000000900,
  KindsOfPredicates1764000001000,
  Waivers1764000001100,
  ImageIndexes1764000001300,
  ImageRelations1764000001310,
  SealedLog1764000001400,
  Search1764000001500,
  Timelines1764000001600,
  Partitions1764000001700,
  VerdictDependents1764000001800,
  Retention1764000001900,
  AttestationsOfSigners1764000002000,
  SearchByVex1764000002300,
];
