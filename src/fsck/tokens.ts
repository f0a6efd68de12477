import { walkRows, type Keyed, type Walk } from './walk.js';

interface TokenRow extends Keyed {
  readonly id: string | null;
  /** Whether its entry says no more of what it may do than its roles. */
  readonly untold: boolean;
}

/** What no entry tells of tokens: what their entries do tell is held with all other entries. */
export const TOKENS: readonly Walk[] = [
  walkRows<TokenRow, TokenRow>({
    table: 'tokens',
    start: ['0'],
    pageSize: 1_000,
    text: `
      select array[e.id::text] as key, e.data->>'token' as id, not e.data ? 'hash' as untold
      from history_entries e where e.type = 'token.created' and e.id > $1::bigint order by e.id limit $2`,
    read: (row) => row,
    faultOf: {},
    unheldOf: {
      'by which secret tokens are known, for which policies and parameters and until when, whose entries, of an earlier release, do not say it':
        ({ id, untold }) => (untold ? `token ${id ?? ''}` : null),
    },
  }),
];
