import * as z from 'zod';
import { jsonOf, type Ask } from './ask.js';
import { accountEntry, type AccountEntry } from './told-entry.js';

const PAGE = 1_000;
const page = z.object({ items: z.array(accountEntry), nextCursor: z.string().nullable() });

/** Every entry of the account as a service answers it, in its order, a page at a time. Rejects where an answer is no page. */
export async function* accountOf(ask: Ask): AsyncGenerator<AccountEntry> {
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === '' ? {} : { cursor }) });
    const bytes = await ask(`/v1/history?${query.toString()}`);
    const read = page.safeParse(bytes === null ? undefined : jsonOf(bytes));
    if (!read.success) throw new Error('what is answered at /v1/history is no page of the account');
    yield* read.data.items;
    cursor = read.data.items.length === 0 ? null : read.data.nextCursor;
  }
}
