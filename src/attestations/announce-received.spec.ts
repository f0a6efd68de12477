import { describe, expect, it } from 'vitest';
import { attestationIdOf, type AttestationId } from '../intoto/digest.js';
import { createAnnouncer } from './announce-received.js';
import type { VerifyJob } from './verify-queue.js';

const ids = (from: number, count: number): AttestationId[] =>
  Array.from({ length: count }, (_, index) => attestationIdOf(Buffer.from(String(from + index))));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('createAnnouncer', () => {
  it('hands over at once while idle, and what comes meanwhile together with the next', async () => {
    const sent: (readonly VerifyJob[])[] = [];
    const release: (() => void)[] = [];
    const announce = createAnnouncer({
      enqueue: (jobs) => {
        sent.push(jobs);
        return new Promise((resolve) => release.push(resolve));
      },
      onFailure: () => undefined,
    });
    announce(ids(0, 1));
    announce(ids(1, 100));
    announce(ids(101, 30));
    expect(sent.map((jobs) => jobs.map((job) => job.ids.length))).toEqual([[1]]);
    release[0]?.();
    await settled();
    expect(sent[1]?.map((job) => job.ids.length)).toEqual([64, 64, 2]);
    expect(sent.flat().flatMap((job) => job.ids)).toEqual(ids(0, 131));
  });

  it('tells of what could not be handed over and goes on with the rest', async () => {
    const failures: number[] = [];
    const sent: number[] = [];
    const announce = createAnnouncer({
      enqueue: (jobs) => {
        sent.push(jobs.length);
        return sent.length === 1 ? Promise.reject(new Error('away')) : Promise.resolve();
      },
      onFailure: (_error, count) => failures.push(count),
    });
    announce(ids(0, 5));
    announce(ids(5, 3));
    await settled();
    expect(failures).toEqual([5]);
    expect(sent).toEqual([1, 1]);
  });

  it('leaves to the sweeper what a stuck queue would pile up in memory', () => {
    const failures: number[] = [];
    const announce = createAnnouncer({
      enqueue: () => new Promise(() => undefined),
      onFailure: (_error, count) => failures.push(count),
    });
    const many = ids(0, 10).flatMap((id) => Array.from({ length: 6_000 }, () => id));
    announce(ids(0, 1));
    announce(many);
    announce(many);
    expect(failures).toEqual([60_000]);
  });
});
