import { parsePolicy } from '../policy/parse-policy.js';
import { policyDigest } from '../policy/policy-digest.js';
import { PolicyFault } from '../policy/policy-fault.js';
import { walkRows, type Keyed, type Walk } from './walk.js';

interface PolicyRow extends Keyed {
  readonly name: string;
  readonly revision: number;
  readonly digest: string;
  readonly format: 'yaml' | 'json';
  readonly source: string;
}

/** Policies as they were published. */
export const POLICIES: readonly Walk[] = [
  walkRows<PolicyRow, PolicyRow>({
    table: 'policy_revisions',
    start: ['', '0'],
    pageSize: 100,
    text: `select array[name, revision::text] as key, name, revision, digest, format, source from policy_revisions
      where (name, revision) > ($1, $2::int) order by name, revision limit $3`,
    read: (row) => row,
    faultOf: {
      'every policy revision has the digest of its document': ({ name, revision, digest, format, source }) => {
        const what = `policy ${name} revision ${revision}`;
        try {
          const actual = policyDigest(parsePolicy(source, format));
          return actual === digest ? null : `the document of ${what} has digest ${actual}, on record is ${digest}`;
        } catch (error) {
          if (error instanceof PolicyFault) return `the document of ${what} cannot be read`;
          throw error;
        }
      },
    },
  }),
];
