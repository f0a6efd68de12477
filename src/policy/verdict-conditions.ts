import { all, within, type Bind, type SearchCondition } from '../images/search-condition.js';
import type { Period } from '../platform/period.js';
import type { Thumbprint } from '../trust/signer.js';
import type { Verdict } from './verdict.js';

/** Which verdicts on record are looked for. At least one of policy and environment is named. */
export interface SoughtVerdicts {
  readonly policy: string | null;
  readonly environment: string | null;
  readonly decision: Verdict['decision'];
}

/** That such a verdict about the image was given in the period. */
export function verdictCondition({ policy, environment, decision }: SoughtVerdicts, period: Period): SearchCondition {
  const byEnvironment = environment !== null;
  const found = (row: string, bind: Bind): string =>
    all([
      byEnvironment ? `${row}.environment = ${bind(environment)}` : `${row}.policy = ${bind(policy)}`,
      `${row}.decision = ${bind(decision)}`,
      ...(byEnvironment ? within(`${row}.at`, period, bind) : []),
    ]);
  const holds = (row: string, bind: Bind): string =>
    all([
      ...(byEnvironment && policy !== null ? [`${row}.policy = ${bind(policy)}`] : []),
      ...(byEnvironment ? [] : within(`${row}.at`, period, bind)),
    ]);
  return {
    table: 'verdicts',
    image: 'digest',
    found,
    places: [found],
    holds,
    matches: (about, _digest, bind) => {
      const rows = `select m.id, m.repository, m.at from verdicts m where ${found('m', bind)} and ${holds('m', bind)} and ${about}`;
      return ofVerdicts(
        `(${rows} order by m.image, m.at limit 1) union (${rows} order by m.image desc, m.at desc limit 1)`,
      );
    },
  };
}

/** That the image was allowed in the period by a verdict which rested on evidence signed by a key. */
export function restedOnKeyCondition(thumbprint: Thumbprint, period: Period): SearchCondition {
  const found = (row: string, bind: Bind): string =>
    all([`${row}.signer = ${signerColumn(bind(thumbprint))}`, ...within(`${row}.at`, period, bind)]);
  return {
    table: 'verdict_signers',
    image: 'digest',
    found,
    places: [found],
    holds: () => 'true',
    matches: (about, _digest, bind) => {
      const rows = `select m.verdict, m.image, m.at from verdict_signers m where ${found('m', bind)} and ${about}`;
      const both = `(${rows} order by m.image, m.at limit 1) union (${rows} order by m.image desc, m.at desc limit 1)`;
      return ofVerdicts(`select v.id, v.repository, v.at from (${both}) r join verdicts v on v.id = r.verdict`);
    },
  };
}

/** A key as `verdict_signers` names it, in SQL, from an expression for its thumbprint: by its first 128 bits. */
export function signerColumn(thumbprint: string): string {
  return `substr(${thumbprint}::text, 8, 32)::uuid`;
}

function ofVerdicts(rows: string): string {
  return `select null::text as attestation, r.id as verdict, r.repository as name, r.at from (${rows}) r`;
}
