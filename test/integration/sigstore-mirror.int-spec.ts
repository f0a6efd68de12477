import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publicGoodRoot } from '../../src/intoto/sigstore/public-good-root.js';
import { fetchPublicGoodRoot } from '../../src/trust/sigstore-mirror.js';
import { tufRepository, type TufRepository } from '../support/tuf-repository.js';

let repository: TufRepository;
let cacheDir: string;

const built = publicGoodRoot();
const document = { ...built.json, mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1' };
const without = (list: 'tlogs' | 'ctlogs'): Buffer =>
  Buffer.from(JSON.stringify({ ...document, [list]: document[list].slice(0, 1) }));

beforeAll(async () => {
  repository = await tufRepository(Buffer.from(JSON.stringify(document)));
});

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'assay-mirror-'));
  return () => {
    rmSync(cacheDir, { recursive: true });
  };
});

afterAll(() => repository.close());

const fetched = (url = repository.url) => fetchPublicGoodRoot({ url, cacheDir, firstRoot: repository.root });

describe('the trust root of the public instance, looked up', () => {
  it('is what the mirror has, and later what it has then', async () => {
    expect((await fetched()).authorities).toEqual(built.authorities);
    repository.publish(without('tlogs'));
    const types = (await fetched()).authorities.map(({ type }) => type);
    expect(types.filter((type) => type === 'tlog')).toHaveLength(1);
  });

  it('is not taken from a mirror that signs with a key of its own', async () => {
    await fetched();
    repository.publish(without('ctlogs'), 'stranger');
    await expect(fetched()).rejects.toThrow();
    repository.publish(without('ctlogs'));
    expect((await fetched()).authorities.filter(({ type }) => type === 'ctlog')).toHaveLength(1);
  });

  it('is not taken from a mirror that began elsewhere than this release', async () => {
    await expect(fetchPublicGoodRoot({ url: repository.url, cacheDir })).rejects.toThrow();
  });

  it('is not there where the mirror is away', async () => {
    await expect(fetched('http://127.0.0.1:9')).rejects.toThrow();
  });
});
