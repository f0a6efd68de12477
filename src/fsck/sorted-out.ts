import { Unreachable, type Reading } from './walk.js';

/**
 * Of SQLSTATE, the classes and codes by which PostgreSQL says that what is stored cannot be taken apart: data exceptions, limits
 * that one value goes beyond, and data or an index that is corrupted (PostgreSQL, appendix A).
 */
const OF_WHAT_IS_STORED = /^(?:22|54|XX00[12])/;

/** The same reading, which throws Unreachable wherever it fails not by what is stored but by the database itself. */
export function sortedOut(reading: Reading): Reading {
  return {
    query: async (text, values) => {
      try {
        return await reading.query(text, values);
      } catch (error) {
        // A number that is none to be counted with.
        if (error instanceof RangeError) throw error;
        const code = error instanceof Error && 'code' in error ? error.code : null;
        if (typeof code === 'string' && OF_WHAT_IS_STORED.test(code)) throw error;
        throw new Unreachable(error instanceof Error ? error.message : String(error), { cause: error });
      }
    },
  };
}
