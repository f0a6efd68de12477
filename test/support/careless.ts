import { expect } from 'vitest';
import { walk } from './answers.js';
import { apiOf, tokenOf, type Api } from './api.js';
import type { TestApp } from './test-app.js';

/** Somebody who may do everything and is never once understood. */
export interface Careless extends Api {
  /** Holds the service to be ready, and nothing at all to be on record as this caller's doing. */
  expectNoTrace(): Promise<void>;
}

export async function carelessCaller(app: Pick<TestApp, 'request' | 'adminToken'>): Promise<Careless> {
  const admin = apiOf(app);
  const api = apiOf(app, await tokenOf(app, { name: 'careless', roles: ['admin'] }));
  return {
    ...api,
    async expectNoTrace() {
      expect((await admin.get('/readyz')).body).toEqual({ status: 'ready', failing: [] });
      const entries = await walk(admin, '/v1/history', 500);
      expect(entries.length).toBeGreaterThan(0);
      expect(entries.filter(({ actor }) => actor.startsWith('token:careless#'))).toEqual([]);
      expect(entries.filter(({ type }) => type === 'attestation.error')).toEqual([]);
      const evidence = await walk(admin, '/v1/attestations', 500);
      expect(evidence.filter(({ receivedBy }) => receivedBy.startsWith('token:careless#'))).toEqual([]);
    },
  };
}
