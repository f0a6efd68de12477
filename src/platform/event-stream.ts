/** Server-sent events, as the HTML standard, section 9.2, has them. */
export const EVENT_STREAM_TYPE = 'text/event-stream';

/** One event: `data` as JSON on one line, under an id from which a reader may go on. */
export function eventText({
  id,
  event,
  data,
}: {
  readonly id: number;
  /** Without line breaks. */
  readonly event: string;
  readonly data: object;
}): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** What keeps a connection alive and is no event; with an id, from which a reader may go on as well. */
export function heartbeatText(id: number | null): string {
  return id === null ? ':\n\n' : `:\nid: ${id}\n\n`;
}

/** How long a reader that was cut off is to wait before it comes back, in milliseconds. */
export function retryText(milliseconds: number): string {
  return `retry: ${milliseconds}\n\n`;
}
