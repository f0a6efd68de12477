import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { authenticateSenders } from './access/access.guard.js';
import { AccessModule } from './access/access.module.js';
import { ADMIN_TOKEN } from './access/admin-token.js';
import { Authenticator } from './access/authenticator.js';
import { TokensController } from './access/tokens.controller.js';
import { AttestationController } from './attestations/attestation.controller.js';
import { ImageIndexController } from './attestations/image-index.controller.js';
import { AttestationsModule } from './attestations/attestations.module.js';
import { ERROR_CODES } from './error-codes.js';
import { ExportModule } from './export/export.module.js';
import { FactsModule } from './facts/facts.module.js';
import { HistoryModule } from './history/history.module.js';
import { LogController, WITNESSES } from './history/log.controller.js';
import { LogProofController } from './history/log-proof.controller.js';
import { parseNoteKeys } from './history/log-settings.js';
import { hotRoutes } from './hot-routes.js';
import { ImagesModule } from './images/images.module.js';
import { serveApiDescription } from './platform/api-description.js';
import { createHttpApplication } from './platform/http-application.js';
import type { RawOperation } from './platform/raw-operation.js';
import { registerRawRoutes } from './platform/raw-route.js';
import { PlatformModule, type PlatformParts } from './platform/platform.module.js';
import { ImageSummaryController } from './policy/image-summary.controller.js';
import { ImageSearchController } from './policy/image-search.controller.js';
import { ImpactController } from './policy/impact.controller.js';
import { PolicyController } from './policy/policy.controller.js';
import { PolicyModule } from './policy/policy.module.js';
import { ServiceKeysController } from './policy/service-keys.controller.js';
import { TimelineController } from './policy/timeline.controller.js';
import { VerdictController } from './policy/verdict.controller.js';
import { VerdictFlipsController } from './policy/verdict-flips.controller.js';
import { WaiverController } from './policy/waiver.controller.js';
import { VerdictReplayController } from './policy/verdict-replay.controller.js';
import { LegalHoldsController } from './retention/legal-holds.controller.js';
import { RetentionModule } from './retention/retention.module.js';
import { AttestorIdentitiesController } from './trust/attestor-identities.controller.js';
import { AttestorKeysController } from './trust/attestor-keys.controller.js';
import { SignedImagesController } from './trust/signed-images.controller.js';
import { StatementActsController } from './trust/statement-acts.controller.js';
import { TrustRootsController } from './trust/trust-roots.controller.js';
import { TrustController } from './trust/trust.controller.js';
import { TrustModule } from './trust/trust.module.js';
import { VerificationModule } from './verification/verification.module.js';

/** Everything that is asked over HTTP. */
@Module({
  imports: [
    AccessModule,
    AttestationsModule,
    ExportModule,
    FactsModule,
    HistoryModule,
    ImagesModule,
    PolicyModule,
    RetentionModule,
    TrustModule,
    VerificationModule,
  ],
  controllers: [
    AttestationController,
    AttestorIdentitiesController,
    AttestorKeysController,
    ImageSummaryController,
    ImpactController,
    ImageIndexController,
    LegalHoldsController,
    LogController,
    LogProofController,
    ImageSearchController,
    PolicyController,
    ServiceKeysController,
    TimelineController,
    SignedImagesController,
    StatementActsController,
    TokensController,
    TrustController,
    TrustRootsController,
    VerdictController,
    VerdictFlipsController,
    WaiverController,
    VerdictReplayController,
  ],
})
export class ApiModule {
  static of(parts: PlatformParts, adminToken: string | null): DynamicModule {
    const witnesses = parseNoteKeys('ASSAY_LOG_WITNESSES', parts.config.log.witnesses, 'cosignature/v1');
    const providers = [
      { provide: ADMIN_TOKEN, useValue: adminToken },
      { provide: WITNESSES, useValue: witnesses },
    ];
    return { module: ApiModule, global: true, imports: [PlatformModule.of(parts)], providers, exports: providers };
  }
}

/** Bodies of evidence held in memory at once: as many of the largest, and no less than this. */
const BODIES_AT_ONCE = 4;
const LEAST_BODY_BUDGET_BYTES = 64 * 1024 * 1024;

export interface ApiApplication {
  readonly app: NestFastifyApplication;
  /** What its hot routes say of themselves. */
  readonly operations: readonly RawOperation[];
}

/** The API as an application that does not listen yet. Nothing is read or written before it is initialised. */
export async function createApiApplication(parts: PlatformParts, adminToken: string | null): Promise<ApiApplication> {
  const { config, logger } = parts;
  const app = await createHttpApplication(ApiModule.of(parts, adminToken), parts);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', authenticateSenders(app.get(Authenticator)));
  const routes = hotRoutes(app);
  registerRawRoutes(app, routes, {
    maxBodyBytes: config.maxBodyBytes,
    bodyBudgetBytes: Math.max(BODIES_AT_ONCE * config.maxBodyBytes, LEAST_BODY_BUDGET_BYTES),
    logger,
  });
  const operations = routes.map(({ operation }) => operation);
  serveApiDescription(app, operations, ERROR_CODES);
  return { app, operations };
}
