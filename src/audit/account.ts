import * as z from 'zod';
import { A_DOCUMENT, jsonOf, type Ask } from './ask.js';
import { accountEntry, differences, type AccountEntry, type LeafEntry } from './told-entry.js';

const PAGE = 1_000;
const page = z.object({ items: z.array(accountEntry), nextCursor: z.string().nullable() });

/** Every entry of the account as a service answers it, in its order, a page at a time. Rejects where an answer is no page. */
export async function* accountOf(ask: Ask): AsyncGenerator<AccountEntry> {
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === '' ? {} : { cursor }) });
    const bytes = await ask(`/v1/history?${query.toString()}`, A_DOCUMENT);
    const read = page.safeParse(bytes === null ? undefined : jsonOf(bytes));
    if (!read.success) throw new Error('what is answered at /v1/history is no page of the account');
    yield* read.data.items;
    cursor = read.data.items.length === 0 ? null : read.data.nextCursor;
  }
}

/**
 * Holds leaves, in their order, against the account, which is read as far as they go; answers what is wrong with the account there.
 */
export function againstAccount(account: AsyncGenerator<AccountEntry>): (leaf: LeafEntry) => Promise<readonly string[]> {
  let next: AccountEntry | null = null;
  let ended = false;
  return async (leaf) => {
    const faults: string[] = [];
    while (!ended && (next === null || next.sequence < leaf.sequence)) {
      const step: IteratorResult<AccountEntry, unknown> = await account.next();
      if (step.done === true) [ended, next] = [true, null];
      else next = step.value;
      if (next !== null && next.sequence < leaf.sequence) {
        faults.push(`entry ${next.sequence} is in the account twice, or out of its order`);
      }
    }
    const what = `entry ${leaf.sequence}, ${leaf.type},`;
    if (next?.sequence !== leaf.sequence) return [...faults, `${what} is in the log and not in the account`];
    const others = differences(leaf, next);
    return others.length === 0
      ? faults
      : [...faults, `${what} has another ${others.join(', ')} in the account than in the log`];
  };
}
