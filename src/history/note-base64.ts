/** The bytes of standard base64 with its padding, in the one form that encodes them; null for anything else. */
export function decodeNoteBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}
