import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicGoodRoot } from '../../src/intoto/sigstore/public-good-root.js';
import { demand } from '../support/answers.js';
import { apiOf, type Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: TestApp;
let admin: Api;

/** What docs/trust.md has sent as JSON, in the order of the page. */
const examples = [
  ...readFileSync(join(import.meta.dirname, '../../docs/trust.md'), 'utf8').matchAll(
    /^curl -sS -X (PUT|POST) "\$ASSAY_URL(\S+)" \\\n(?:.*\\\n)*?.*?(?:--data @- <<'END'\n([\s\S]*?)\nEND$|--data '([^']*)'$)/gm,
  ),
].map(([, method = '', path = '', document, inline]) => ({ method, path, body: document ?? inline ?? '' }));

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  // Under the name that the page gives to a root whose certificates only the reader has.
  demand(await admin.put('/v1/trust-roots/corporate', publicGoodRoot().json), 201);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('what docs/trust.md has an operator send', () => {
  it('is there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(6);
  });

  it('is taken as it stands, in the order of the page', async () => {
    for (const { method, path, body } of examples) {
      // Keys and attestations that the page makes with other tools are the reader's own.
      if (path.includes('$') || path.includes('/keys/')) continue;
      const type = { 'content-type': 'application/json' };
      const answer = method === 'PUT' ? await admin.put(path, body, type) : await admin.post(path, body, type);
      expect({ path, status: answer.status, text: answer.text }).toMatchObject({
        status: path.endsWith('/revoke') ? 200 : 201,
      });
    }
  });
});
