import { isDeepStrictEqual } from 'node:util';
import { readerRevisionOf } from '../facts/reader-of.js';
import { signerKey } from '../facts/stored-signer.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import type { Thumbprint } from '../trust/signer.js';
import { TRUST_TABLES } from '../trust/trust-records.store.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { SignerStanding } from '../trust/signer-status.js';
import { examine, type Examination } from '../verification/examine.js';
import { readEvidence } from '../verification/read-evidence.js';
import { verificationMaterial } from '../verification/verification-material.js';
import { judgeWaiting } from './awaited-gains.js';
import { TrustAt } from './trust-at.js';
import { BY_INDEX, walkPages, type Keyed, type Walk } from './walk.js';

/** A page is cut short where its envelopes would come to more than this. */
const MOST_BYTES = 16 * 1024 * 1024;

/** What was found out about an attestation at one time, and its bytes; not what could not be found out. */
interface ExaminationRow extends Keyed {
  readonly attestation: string;
  readonly receivedAt: Date;
  readonly predicateType: string | null;
  readonly bytes: Buffer;
  readonly trustRevision: number;
  readonly readerRevision: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly signers: readonly Pick<SignerStanding, 'attestor' | 'thumbprint' | 'scheme' | 'counts'>[];
  readonly proved: readonly ProvedSigner[];
  readonly gains: readonly string[];
  /** When it was examined again and came to the same, where no later verification is on record; null where it was not. */
  readonly againAt: number | null;
  /** The last change of trust on record. */
  readonly lastRevision: number;
}

interface Examined {
  readonly row: ExaminationRow;
  /** What the same bytes come to; null where they are missing or where nothing could be found out. */
  readonly again: Examination | null;
  /** What they come to at the trust revision of the last examination that recorded nothing of its own; null where there is none. */
  readonly later: Examination | null;
  /** The keys that attestors had ever had by then. */
  readonly known: ReadonlySet<Thumbprint>;
}

const CHANGES = TRUST_TABLES.map((table) => `select max(trust_revision) from ${table}`).join(' union all ');

const EXAMINATION_ROWS = `
  with looked_at as (
    select v.*, a.received_at, a.predicate_type, sum(coalesce(a.size, 0)) over (order by v.id) - coalesce(a.size, 0) as before
    from (select * from verifications where id > $1::bigint order by id limit $2) v
    left join lateral (
      select received_at, predicate_type, size from attestations where id = v.attestation ${BY_INDEX}
    ) a on true
  )
  select array[l.id::text] as key, l.attestation, l.received_at as "receivedAt", l.predicate_type as "predicateType", e.bytes,
    l.trust_revision as "trustRevision", l.reader_revision as "readerRevision", l.outcome, l.code, l.signers, l.proved,
    l.gains, r.trust_revision as "againAt", t.last as "lastRevision"
  from looked_at l
  cross join (select coalesce(max(revision), 0) as last from (${CHANGES}) c (revision)) t
  left join lateral (
    select trust_revision from reexaminations where attestation = l.attestation and trust_revision > l.trust_revision
      and not exists (select from verifications n where n.attestation = l.attestation and n.id > l.id) ${BY_INDEX}
  ) r on true
  left join lateral (
    select bytes from envelopes where received_at = l.received_at and attestation = l.attestation ${BY_INDEX}
  ) e on true
  where l.before < ${MOST_BYTES}
  order by l.id`;

/**
 * What verifications recorded, against what the same bytes come to by the keys, roots and attestors of the trust revision that
 * they recorded. Each signature is verified once, for both of what is asked: that everybody who is said to have signed has, and
 * that nothing else was found. For one walk: it remembers trust.
 */
export function examinationWalk(): Walk {
  const trustAt = new TrustAt();
  return walkPages<ExaminationRow, Examined>({
    table: 'verifications',
    start: ['0'],
    pageSize: 500,
    text: EXAMINATION_ROWS,
    async readPage(rows, reading) {
      const again: Promise<Examined>[] = [];
      for (const row of rows) {
        // Signatures are verified by several threads, while trust as it was at the next row is looked up.
        const examined = isLookedAtAgain(row)
          ? examineAgain(
              row,
              await trustAt.revision(row.trustRevision, reading),
              row.againAt === null ? null : await trustAt.revision(row.againAt, reading),
            )
          : Promise.resolve({ row, again: null, later: null, known: NO_KEYS });
        // What becomes of it is asked below; meanwhile nobody waits for it, and its failure must not be unheard.
        examined.catch(() => undefined);
        again.push(examined);
      }
      return Promise.all(again);
    },
    faultOf: {
      'every signer that was proved is proved again by the keys and roots on record': signatureFault,
      'what a verification found is found again by the trust that it recorded': findingFault,
      'a verification waits for the changes of trust by which its evidence could gain': waitingFault,
      'what was examined again, with nothing to record, comes to what is on record': laterFault,
    },
    unheldOf: {
      'what verifications wait for, by readers of a later release': ({ row, again }) =>
        again !== null && waitingOf(row, again) === 'unknown' ? whichOf(row) : null,
    },
  });
}

const NO_KEYS: ReadonlySet<Thumbprint> = new Set();
const keysOf = new WeakMap<TrustSnapshot, ReadonlySet<Thumbprint>>();

/** What is missing is other invariants', and what could not be found out then may be found out by now. */
function isLookedAtAgain({ bytes, receivedAt, outcome }: ExaminationRow): boolean {
  return (bytes as Buffer | null) !== null && (receivedAt as Date | null) !== null && outcome !== 'error';
}

async function examineAgain(
  row: ExaminationRow,
  trust: TrustSnapshot,
  laterTrust: TrustSnapshot | null,
): Promise<Examined> {
  const material = verificationMaterial(trust);
  const known = keysOf.get(trust) ?? new Set(material.keys.map(({ thumbprint }) => thumbprint));
  keysOf.set(trust, known);
  const evidence = await readEvidence(row.bytes, material);
  const again = examine(evidence, row.receivedAt, trust);
  if (laterTrust === null) return { row, again, later: null, known };
  const read = await readEvidence(row.bytes, verificationMaterial(laterTrust));
  return { row, again, later: examine(read, row.receivedAt, laterTrust), known };
}

function whichOf({ attestation, trustRevision }: ExaminationRow): string {
  return `the verification of ${attestation} at trust revision ${trustRevision}`;
}

/** Mathematics alone: whether a signer counts is not asked. */
function signatureFault({ row, again, known }: Examined): string | null {
  // Facts take their signers from whatever verification proved them, whatever it came to.
  if (row.outcome === 'error') {
    const [signer] = row.proved;
    return signer === undefined ? null : `${whichOf(row)} says error, and that ${signerKey(signer)} was proved`;
  }
  if (again === null) return null;
  const stranger = row.proved.find((signer) => signer.type === 'key' && !known.has(signer.thumbprint));
  if (stranger !== undefined) {
    return `no attestor ever held the key of ${signerKey(stranger)} by trust revision ${row.trustRevision}, by which ${row.attestation} is said to be signed`;
  }
  const unproved = row.proved.find((signer) => !again.proved.some((other) => isProvedBy(signer, other)));
  return unproved === undefined ? null : `${row.attestation} is not signed by ${signerKey(unproved)}`;
}

/** That others vouch for when a key signed than were recorded is the other invariant's. */
function isProvedBy(recorded: ProvedSigner, again: ProvedSigner): boolean {
  if (recorded.type === 'certificate') return signerKey(recorded) === signerKey(again);
  const { thumbprint, scheme, times } = recorded;
  const sameKey = again.type === 'key' && again.thumbprint === thumbprint && again.scheme === scheme;
  return (
    sameKey &&
    times.every(({ authority, at }) => again.times.some((one) => one.authority === authority && one.at === at))
  );
}

function findingFault({ row, again }: Examined): string | null {
  if (again === null) return null;
  const what = whichOf(row);
  const [recorded, proved] = [row.proved, again.proved].map((signers) => signers.map(signerKey).sort());
  if (!isDeepStrictEqual(recorded, proved)) return `${what} recorded other signers than the signatures are by`;
  // What an earlier reader made of the predicate is not known any more; who signed does not depend on it.
  if (row.readerRevision !== readerRevisionOf(row.predicateType)) return null;
  const { outcome, code } = again.outcome;
  if (row.outcome !== outcome || row.code !== code) {
    return `${what} recorded ${told(row)}, and comes to ${told(again.outcome)}`;
  }
  return isDeepStrictEqual(standings(row.signers), standings(again.signers))
    ? null
    : `${what} recorded other attestors, or others that count, than it comes to`;
}

/** Evidence is examined again only where trust gains what its last verification waits for. */
function waitingFault({ row, again }: Examined): string | null {
  if (again === null || waitingOf(row, again) !== 'other') return null;
  return `${whichOf(row)} waits for ${listed(row.gains)}, and its evidence for ${listed(again.gains)}`;
}

function waitingOf(row: ExaminationRow, again: Examination): ReturnType<typeof judgeWaiting> {
  return judgeWaiting({ ...row, proved: row.proved.length }, again.gains, readerRevisionOf(row.predicateType));
}

/** Whatever is said to have been examined again is not examined again for what trust gained up to then. */
function laterFault({ row, later }: Examined): string | null {
  const { attestation, againAt, lastRevision } = row;
  if (againAt === null) return null;
  const what = `${attestation} is said to have been examined again at trust revision ${againAt}`;
  if (againAt > lastRevision) return `${what}, and trust is at ${lastRevision}`;
  if (later === null) return null;
  const isOther =
    findingFault({ row, again: later, later, known: NO_KEYS }) !== null || waitingOf(row, later) === 'other';
  return isOther ? `${what}, and comes to something else than was recorded` : null;
}

function listed(causes: readonly string[]): string {
  return causes.length === 0 ? 'nothing' : causes.join(', ');
}

function told({ outcome, code }: { readonly outcome: string; readonly code: string | null }): string {
  return code === null ? outcome : `${outcome} (${code})`;
}

function standings(signers: ExaminationRow['signers']): readonly string[] {
  return signers
    .map(({ attestor, thumbprint, scheme, counts }) => `${attestor} ${thumbprint} ${scheme} ${String(counts)}`)
    .sort();
}
