import { verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../intoto/envelope.js';
import { pae } from '../../intoto/pae.js';
import { makeKey } from './keys.js';
import { signStatement } from './sign.js';

describe('signStatement', () => {
  it.each(['ES256', 'EdDSA'] as const)('signs with %s what a verifier of DSSE looks at', (algorithm) => {
    const key = makeKey(algorithm, 'k1');
    const envelope = parseEnvelope(Buffer.from(signStatement({ subject: [] }, key)));
    const [signature] = envelope.signatures;
    const signed = pae(envelope.payloadType, envelope.payload);
    expect(signature?.keyid).toBe('k1');
    expect(
      verify(algorithm === 'ES256' ? 'sha256' : null, signed, key.publicKey, signature?.signature ?? Buffer.of()),
    ).toBe(true);
    expect(JSON.parse(envelope.payload.toString('utf8'))).toEqual({ subject: [] });
  });
});
