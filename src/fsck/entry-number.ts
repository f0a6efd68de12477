/**
 * A member of the data of an entry `e` as a number, as an expression of type bigint by which rows are looked up. Null where it is
 * no whole number as the service writes them: that must be a violation, not an error.
 */
export function entryNumber(member: string): string {
  return `(case when e.data->>'${member}' ~ '^(0|[1-9][0-9]{0,17})$' then e.data->>'${member}' end)::bigint`;
}
