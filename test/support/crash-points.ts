import { expect } from 'vitest';
import { Faults, FAULTS, type Fault } from './faults.js';
import { violatedInvariants } from './invariants.js';
import { openHouse, type House, type Rooms } from './rooms.js';
import { createTestDatabase } from './test-database.js';

/** Something that clients or workers ask of the service, as often as it takes. */
export interface UseCase<Given> {
  /** What there is before, other each time. */
  readonly given: (rooms: Rooms) => Promise<Given>;
  readonly run: (rooms: Rooms, given: Given) => Promise<unknown>;
  /** What holds once it has succeeded and what is pending was worked off; the rooms are those of another process. */
  readonly then: (rooms: Rooms, given: Given) => Promise<void>;
}

/** Asked again after a failure; only one call ever fails. */
const MOST_TRIES = 3;

/**
 * Runs the use case once for each of its calls to the database and the queue and for each way in which that call can fail,
 * on a database of its own. After the failure, after the caller has asked again, and after the sweep, every invariant holds.
 *
 * @returns the calls that were made to fail.
 */
export async function surviveEveryFault<Given>(useCase: UseCase<Given>): Promise<readonly string[]> {
  const database = await createTestDatabase();
  const faults = new Faults();
  const house = await openHouse(database.url, faults);
  try {
    const given = await useCase.given(house.enter());
    const calls = await faults.record(() => useCase.run(house.enter(), given));
    const failed = new Set<string>();
    for (const [index, call] of calls.entries()) {
      for (const fault of FAULTS) {
        try {
          for (const what of await survive(useCase, { house, faults, url: database.url, index, fault }))
            failed.add(what);
        } catch (cause) {
          const said = cause instanceof Error ? cause.message : String(cause);
          throw new Error(`call ${index + 1} of ${calls.length} failed (${fault}: ${call}), and then: ${said}`, {
            cause,
          });
        }
      }
    }
    // Calls made side by side may differ in number from run to run; none of them may go untried.
    expect([...failed].sort()).toEqual([...new Set(calls)].sort());
    return calls;
  } finally {
    await house.close();
    await database.drop();
  }
}

interface CrashPoint {
  readonly house: House;
  readonly faults: Faults;
  readonly url: string;
  readonly index: number;
  readonly fault: Fault;
}

/** Answers which calls failed: none, where there were fewer than the index asks for. */
async function survive<Given>(
  { given: prepare, run, then }: UseCase<Given>,
  { house, faults, url, index, fault }: CrashPoint,
): Promise<readonly string[]> {
  faults.letFail(() => null);
  const given = await prepare(house.enter());
  const rooms = house.enter();
  faults.failAt(index, fault);
  let failure = '';
  for (let tries = 1; ; tries += 1) {
    try {
      await run(rooms, given);
      break;
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      failure = String(error);
      expect(await violatedInvariants(url)).toEqual([]);
    }
  }
  if (failure !== '') expect(failure).toContain('by the test');
  const { failed } = faults;
  await house.settle();
  await then(house.enter(), given);
  expect(await violatedInvariants(url)).toEqual([]);
  return failed;
}
