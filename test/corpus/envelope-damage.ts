import { z } from 'zod';

/** An envelope as it goes over the wire. */
export interface WireEnvelope {
  payloadType: string;
  payload: string;
  signatures: { keyid?: string; sig: string }[];
}

const signatureIndex = z.int().min(0);

/** One thing that happens to an envelope after it was signed. */
export const damageStep = z.union([
  /** A member is given another value. */
  z.strictObject({ set: z.enum(['payloadType', 'payload', 'signatures', 'extra']), to: z.unknown() }),
  /** The payload is changed at the one place where it reads so. */
  z.strictObject({ payloadText: z.string(), with: z.string() }),
  /** The bits of one byte of the first signature are turned over. */
  z.strictObject({ flip: z.literal('signature'), byte: z.int().min(0) }),
  /** A signature is written again at the end, under other key ids. */
  z.strictObject({ repeatSignature: signatureIndex, keyids: z.array(z.string()) }),
  /** A member of a signature is given another value. */
  z.strictObject({ signature: signatureIndex, member: z.string(), to: z.unknown() }),
  /** The signatures are put in the opposite order. */
  z.strictObject({ reverseSignatures: z.literal(true) }),
  /** The text of the envelope is changed at the one place where it reads so. */
  z.strictObject({ text: z.string(), with: z.string() }),
]);
export type DamageStep = z.infer<typeof damageStep>;

/** The envelope's bytes after all that happened to it. Throws where a step finds nothing to change. */
export function damaged(envelope: WireEnvelope, steps: readonly DamageStep[]): Buffer {
  const copy = structuredClone(envelope);
  for (const step of steps) if (!('text' in step)) applyTo(copy, step);
  const edits = steps.filter((step) => 'text' in step);
  return Buffer.from(edits.reduce((text, edit) => edited(text, edit.text, edit.with), JSON.stringify(copy)));
}

/** The same of text in whatever form, to which nothing else than an edit can happen. */
export function damagedText(text: string, steps: readonly DamageStep[]): Buffer {
  return Buffer.from(
    steps.reduce((before, step) => {
      if ('text' in step) return edited(before, step.text, step.with);
      throw new Error('only text can be changed in this form');
    }, text),
  );
}

function applyTo(envelope: WireEnvelope, step: Exclude<DamageStep, { text: string }>): void {
  const { signatures } = envelope;
  if ('set' in step) Object.assign(envelope, { [step.set]: step.to });
  else if ('payloadText' in step) {
    const payload = Buffer.from(envelope.payload, 'base64').toString();
    envelope.payload = Buffer.from(edited(payload, step.payloadText, step.with)).toString('base64');
  } else if ('flip' in step) Object.assign(signatures[0]!, { sig: flipped(signatures[0]!.sig, step.byte) });
  else if ('repeatSignature' in step) {
    signatures.push(...step.keyids.map((keyid) => ({ ...signatures[step.repeatSignature]!, keyid })));
  } else if ('member' in step) Object.assign(signatures[step.signature]!, { [step.member]: step.to });
  else signatures.reverse();
}

function flipped(base64: string, byte: number): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(byte) ^ 0xff, byte);
  return bytes.toString('base64');
}

function edited(text: string, find: string, replacement: string): string {
  if (text.split(find).length !== 2) throw new Error(`not exactly one place reads ${find}`);
  return text.replace(find, () => replacement);
}
