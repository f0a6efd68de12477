/**
 * Whether an Accept header asks for a media type: it names the type, and no less gladly than JSON (RFC 9110 section 12.5.1).
 * Who names it nowhere, but takes anything, is answered JSON.
 */
export function prefersType(accept: string | undefined, type: string): boolean {
  if (accept === undefined || !accept.toLowerCase().includes(type)) return false;
  const weights = new Map(accept.split(',').map(weighted));
  const weight = weights.get(type) ?? 0;
  return weight > 0 && weight >= (weights.get('application/json') ?? 0);
}

function weighted(range: string): readonly [string, number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (quality === undefined) return [type, 1];
  const value = /^q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(quality)?.[1];
  return [type, value === undefined ? 0 : Number(value)];
}
