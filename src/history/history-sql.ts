/**
 * The common table expressions by which a statement of another room tells, in its own commit, of what it wrote: for use as
 * `with …, source as (…), ${historyCtes('source')} select …`.
 *
 * `source` names an earlier expression that gives one row an entry: `actor text`, `type text`, `image text`,
 * `attestation text` and `data jsonb`, of the shapes in history-entry.ts. It is written into the statement as it stands, so
 * it is a constant of the code. Where it gives no row, nothing is appended.
 *
 * The expression `history_appended` then holds what was appended: `id bigint`, `type`, `image`, `attestation`, `data`. Join it
 * by `attestation`, or by `data->>'verdict'`, to answer the entry's id. Neither name may be used again in the statement.
 */
export function historyCtes(source: string): string {
  return `history_appended as (
    insert into history_entries (actor, type, image, attestation, data, nonce)
    select actor, type, image, attestation, data, gen_random_uuid() from ${source}
    returning id, type, image, attestation, data
  ),
  history_awaiting as (
    insert into history_unsequenced (entry) select id from history_appended
  )`;
}
