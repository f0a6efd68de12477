import * as z from 'zod';
import { A_DOCUMENT, jsonOf, type Ask } from './ask.js';
import { accountEntry, differences, type AccountEntry, type LeafEntry } from './told-entry.js';

const PAGE = 1_000;
const page = z.object({ items: z.array(accountEntry), nextCursor: z.string().nullable() });

/**
 * Every entry of the account behind a sequence as a service answers it, in its order, a page at a time. Rejects where an answer
 * is no page.
 */
export async function* accountOf(ask: Ask, after = 0): AsyncGenerator<AccountEntry> {
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (cursor !== '') query.set('cursor', cursor);
    else if (after > 0) query.set('after', String(after));
    const bytes = await ask(`/v1/history?${query.toString()}`, A_DOCUMENT);
    const read = page.safeParse(bytes === null ? undefined : jsonOf(bytes));
    if (!read.success) throw new Error('what is answered at /v1/history is no page of the account');
    yield* read.data.items;
    cursor = read.data.items.length === 0 ? null : read.data.nextCursor;
  }
}

/**
 * Holds leaves, in their order and from the first, against the account, which is read as far as they go; answers what is wrong with
 * the account there. One that is out of its order is looked at no further: it need not end.
 */
export function againstAccount(account: AsyncGenerator<AccountEntry>): (leaf: LeafEntry) => Promise<readonly string[]> {
  let next: AccountEntry | null = null;
  let state: 'in order' | 'ended' | 'out of order' = 'in order';
  return async (leaf) => {
    if (state === 'in order' && (next === null || next.sequence < leaf.sequence)) {
      const step: IteratorResult<AccountEntry, unknown> = await account.next();
      next = step.done === true ? null : step.value;
      if (next === null) state = 'ended';
      else if (next.sequence < leaf.sequence) {
        state = 'out of order';
        return [`entry ${next.sequence} is in the account twice, or out of its order`];
      }
    }
    if (state === 'out of order') return [];
    const what = `entry ${leaf.sequence}, ${leaf.type},`;
    if (next?.sequence !== leaf.sequence) return [`${what} is in the log and not in the account`];
    const others = differences(leaf, next);
    return others.length === 0 ? [] : [`${what} has another ${others.join(', ')} in the account than in the log`];
  };
}
