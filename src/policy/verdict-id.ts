const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text could be the id under which a verdict stands on record. */
export function isVerdictId(text: string): boolean {
  return UUID.test(text);
}
