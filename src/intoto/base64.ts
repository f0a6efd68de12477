/** The decoded bytes, or what is wrong with the text. */
export type Base64 =
  { readonly bytes: Buffer; readonly fault: null } | { readonly bytes: null; readonly fault: string };

/**
 * Decodes base64 in the standard or the URL-safe alphabet, with or without padding: DSSE lets a signer use either and
 * obliges a verifier to accept both. Anything else is a fault: mixed alphabets, white space, half a padding, a length
 * no bytes encode to, and bits left over that are not zero. So at most four texts stand for the same bytes.
 */
export function decodeBase64(text: string): Base64 {
  const bytes = Buffer.from(text, 'base64');
  // Node decodes leniently and natively. Encoding again shows at memory speed whether this is one of the four.
  const urlSafe = text.includes('-') || text.includes('_');
  const encoded = bytes.toString(urlSafe ? 'base64url' : 'base64');
  const missing = '='.repeat((3 - (bytes.length % 3)) % 3);
  const isCanonical = text === encoded || (urlSafe ? text === encoded + missing : text + missing === encoded);
  return isCanonical ? { bytes, fault: null } : { bytes: null, fault: faultOf(text) };
}

/**
 * Decodes base64url without padding, as JWS writes all of its parts (RFC 7515, 2): no other alphabet, no padding, no
 * white space and no bits left over, so that exactly one text stands for the same bytes.
 */
export function decodeBase64url(text: string): Base64 {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') === text) return { bytes, fault: null };
  const foreign = /[^A-Za-z0-9_-]/.exec(text);
  if (foreign === null) return { bytes: null, fault: faultOf(text).replace('base64', 'base64url') };
  const isPadding = /^={1,2}$/.test(text.slice(foreign.index));
  const fault = isPadding
    ? 'is not base64url as JWS has it: it is padded'
    : `is not base64url: a character outside the alphabet at ${foreign.index}`;
  return { bytes: null, fault };
}

function faultOf(text: string): string {
  const foreign = /[^A-Za-z0-9+/_=-]/.exec(text);
  if (foreign !== null) return `is not base64: a character outside the alphabet at ${foreign.index}`;
  if (/[+/]/.test(text) && /[-_]/.test(text)) return 'is not base64: it mixes the standard and the URL-safe alphabet';
  const unpadded = text.replace(/={1,2}$/, '');
  if (unpadded.includes('=') || unpadded.length % 4 === 1) return 'is not base64: its length or padding is impossible';
  if (text !== unpadded && text.length % 4 !== 0) return 'is not base64: its padding is incomplete';
  return 'is not base64: its last character has bits that belong to no byte';
}
