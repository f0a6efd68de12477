import type { Vouching } from '../proved-signer.js';

/** The vouchings by authority and time, each once. */
export function sortedVouchings(vouchings: readonly Vouching[]): readonly Vouching[] {
  const byText = new Map(vouchings.map((vouching) => [`${vouching.authority} ${vouching.at}`, vouching]));
  return [...byText.keys()].sort().flatMap((text) => byText.get(text) ?? []);
}
