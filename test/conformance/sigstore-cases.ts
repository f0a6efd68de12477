import { readConformanceFile } from './conformance-data.js';

/** One of the public Sigstore cases, as their index lists it. */
export interface SigstoreCase {
  readonly id: string;
  readonly expect: 'verified' | 'rejected';
  readonly why: string;
  /** The bundle: a file, or one line of it. */
  readonly bytes: Buffer;
  /** The TrustedRoot to judge by; null: that of the public instance. */
  readonly trustedRoot: Buffer | null;
  readonly identity: string | null;
  readonly issuer: string | null;
  /** PEM, where a registered key signed. */
  readonly publicKey: string | null;
  /** What a message signature is over. */
  readonly artifact: Buffer | null;
}

interface Listed {
  readonly id: string;
  readonly bundle: string;
  readonly expect: 'verified' | 'rejected';
  readonly why?: string;
  readonly content: string;
  readonly trustedRoot: string;
  readonly identity?: string;
  readonly issuer?: string;
  readonly publicKey?: string;
  readonly artifact?: string;
}

/** Every case of the index, in its order. */
export function sigstoreCases(): readonly SigstoreCase[] {
  const listed = JSON.parse(readConformanceFile('signature-cases.json').toString()) as readonly Listed[];
  return listed.map((item) => ({
    id: item.id,
    expect: item.expect,
    why: item.why ?? '',
    bytes: bundleOf(item),
    trustedRoot: item.trustedRoot === 'trusted-roots/public-good.json' ? null : readConformanceFile(item.trustedRoot),
    identity: item.identity ?? null,
    issuer: item.issuer ?? null,
    publicKey: item.publicKey === undefined ? null : readConformanceFile(item.publicKey).toString(),
    artifact: item.artifact === undefined || item.content !== 'message' ? null : readConformanceFile(item.artifact),
  }));
}

function bundleOf({ id, bundle }: Listed): Buffer {
  const bytes = readConformanceFile(bundle);
  const line = /#(\d+)$/.exec(id)?.[1];
  return line === undefined ? bytes : Buffer.from(bytes.toString().split('\n')[Number(line)] ?? '');
}
