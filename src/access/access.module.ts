import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { HistoryModule } from '../history/history.module.js';
import { AccessGuard } from './access.guard.js';
import { ADMIN_TOKEN } from './admin-token.js';
import { Authenticator } from './authenticator.js';
import { TokenStore } from './token.store.js';

/** Puts the guard before every route of the application; needs ADMIN_TOKEN from a global module. */
@Module({
  imports: [HistoryModule],
  providers: [
    TokenStore,
    {
      provide: Authenticator,
      inject: [TokenStore, ADMIN_TOKEN],
      useFactory: (tokens: TokenStore, adminToken: string | null) => new Authenticator(tokens, adminToken),
    },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [TokenStore, Authenticator],
})
export class AccessModule {}
