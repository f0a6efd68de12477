import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canonicalJson } from '../../src/intoto/canonical-json.js';

/** A TUF repository with one target, served on a port of the loopback interface. */
export interface TufRepository {
  readonly url: string;
  /** The root metadata from which a client begins. */
  readonly root: Buffer;
  /** Publishes another content of the target, signed by the repository's key or by a stranger's. */
  readonly publish: (target: Buffer, by?: 'owner' | 'stranger') => void;
  readonly close: () => Promise<void>;
}

const TARGET = 'trusted_root.json';
const EXPIRES = '2099-01-01T00:00:00Z';

interface Signer {
  readonly id: string;
  readonly key: KeyObject;
  readonly description: object;
}

export async function tufRepository(target: Buffer): Promise<TufRepository> {
  const [owner, stranger] = [signer(), signer()];
  const role = { keyids: [owner.id], threshold: 1 };
  const root = signedBy(owner, {
    _type: 'root',
    spec_version: '1.0.31',
    version: 1,
    expires: EXPIRES,
    consistent_snapshot: false,
    keys: { [owner.id]: owner.description },
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
  });
  const files = new Map<string, Buffer>();
  let version = 0;
  const publish = (content: Buffer, by: 'owner' | 'stranger' = 'owner'): void => {
    version += 1;
    const as = by === 'owner' ? owner : stranger;
    const common = { spec_version: '1.0.31', version, expires: EXPIRES };
    const targets = signedBy(as, { _type: 'targets', ...common, targets: { [TARGET]: described(content) } });
    const snapshot = signedBy(as, { _type: 'snapshot', ...common, meta: { 'targets.json': { version } } });
    const timestamp = signedBy(as, { _type: 'timestamp', ...common, meta: { 'snapshot.json': { version } } });
    files.set('/targets.json', targets);
    files.set('/snapshot.json', snapshot);
    files.set('/timestamp.json', timestamp);
    files.set(`/targets/${TARGET}`, content);
  };
  publish(target);
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, root, publish, close: () => closed(server) };
}

function signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
  const description = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw } };
  return { id: createHash('sha256').update(canonicalJson(description)).digest('hex'), key: privateKey, description };
}

function signedBy({ id, key }: Signer, signed: object): Buffer {
  const sig = sign(null, Buffer.from(canonicalJson(signed)), key).toString('hex');
  return Buffer.from(JSON.stringify({ signed, signatures: [{ keyid: id, sig }] }));
}

function described(content: Buffer): object {
  return { length: content.length, hashes: { sha256: createHash('sha256').update(content).digest('hex') } };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => {
      resolve();
    });
  });
}
