import { describe, expect, it } from 'vitest';
import type { Fact } from '../facts/fact.js';
import { sha256, type AttestationId } from '../intoto/digest.js';
import type { AuthorityId } from '../intoto/proved-signer.js';
import { certificateWith, signerWith, TSA } from '../trust/trust.fixture.js';
import { ageingTime, earliestTimes, latestTimes } from './evidence-times.js';

const HOUR = 3_600_000;
const at = (hours: number): string => new Date(hours * HOUR).toISOString();

function factWith(change: Partial<Fact>): Fact {
  return {
    id: '1',
    attestation: 'sha256:0' as AttestationId,
    kind: 'other',
    predicateType: 'https://example.com/x/v1',
    signers: [signerWith({ receivedAt: at(10) })],
    receivedAt: at(10),
    ownTime: null,
    content: { kind: 'other', predicate: {} },
    signedDigest: sha256(Buffer.from('what was signed')),
    ...change,
  };
}

describe('the times of evidence', () => {
  it('take its own time for what it says, as far as receipt allows', () => {
    expect(earliestTimes(factWith({ ownTime: at(8) })).own).toBe(8 * HOUR);
    expect(earliestTimes(factWith({ ownTime: at(12) })).own).toBe(10 * HOUR);
  });

  it('are the earliest of all signers where it is to help, whomever trust believes', () => {
    const signers = [
      signerWith({ receivedAt: at(10), provenAt: at(9) }),
      signerWith({ receivedAt: at(12), provenAt: at(7) }),
      signerWith({ receivedAt: at(13) }),
    ];
    expect(earliestTimes(factWith({ signers }))).toEqual({ own: null, proven: 7 * HOUR, received: 10 * HOUR });
  });

  it('are the latest of those who object where it stands in the way', () => {
    const signers = [
      signerWith({ receivedAt: at(10), provenAt: at(9) }),
      signerWith({ receivedAt: at(12), provenAt: at(7) }),
    ];
    const times = latestTimes(factWith({ ownTime: at(11), signers }), signers);
    expect(times).toEqual({ own: 11 * HOUR, proven: 9 * HOUR, received: 12 * HOUR });
  });

  it('go by everybody who vouches for a time, whomever trust believes', () => {
    const times = [
      { authority: TSA, at: at(8) },
      { authority: 'tsa:gone' as AuthorityId, at: at(6) },
    ];
    const signers = [signerWith({ receivedAt: at(10), times }), certificateWith({ receivedAt: at(10), times })];
    for (const signer of signers) {
      const fact = factWith({ signers: [signer] });
      expect([earliestTimes(fact).proven, latestTimes(fact, [signer]).proven]).toEqual([6 * HOUR, 8 * HOUR]);
    }
  });

  it('hold no proof that is later than receipt', () => {
    const ahead = new Date(Date.parse(at(10)) + 60_000).toISOString();
    const slightly = [signerWith({ receivedAt: at(10), provenAt: ahead })];
    expect(earliestTimes(factWith({ signers: slightly })).proven).toBe(10 * HOUR);
    const signers = [signerWith({ receivedAt: at(10), provenAt: at(11) })];
    expect(earliestTimes(factWith({ signers })).proven).toBeNull();
  });

  it('age by its own time, else by a proven one, else by receipt, and say which', () => {
    const own = { own: 8 * HOUR, proven: 7 * HOUR, received: 10 * HOUR };
    expect(ageingTime(own)).toEqual({ at: 8 * HOUR, by: 'its own time' });
    expect(ageingTime({ ...own, own: null })).toEqual({ at: 7 * HOUR, by: 'its proven signing time' });
    expect(ageingTime({ ...own, own: null, proven: null })).toEqual({ at: 10 * HOUR, by: 'its receipt' });
    expect(ageingTime({ ...own, own: 10 * HOUR })).toEqual({ at: 10 * HOUR, by: 'its receipt' });
  });

  it('that are no times stop the evaluation', () => {
    expect(() => earliestTimes(factWith({ ownTime: 'yesterday' }))).toThrow(RangeError);
  });
});
