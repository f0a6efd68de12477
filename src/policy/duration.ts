const UNIT_MILLISECONDS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * A length of time above zero: a whole number with a unit (`90m`, `24h`, `7d`, `2w`, `30s`), or ISO 8601 in weeks, or in
 * days, hours, minutes and seconds. Years and months are not accepted: they have no one length.
 */
export const DURATION_PATTERN =
  /^(?=.*[1-9])(?:\d{1,6}[smhdw]|P\d{1,5}W|P(?=\d|T\d)(?:\d{1,6}D)?(?:T(?=\d)(?:\d{1,6}H)?(?:\d{1,6}M)?(?:\d{1,6}S)?)?)$/;

/** Milliseconds of a text that fits DURATION_PATTERN; throws RangeError where it does not. */
export function durationMilliseconds(text: string): number {
  if (!DURATION_PATTERN.test(text)) throw new RangeError(`not a duration: ${text}`);
  const inTime = text.indexOf('T');
  let total = 0;
  for (const match of text.matchAll(/(\d+)([smhdwSMHDW])/g)) {
    total += Number(match[1]) * unitOf(match[2] ?? '', inTime !== -1 && match.index > inTime);
  }
  return total;
}

function unitOf(letter: string, inTime: boolean): number {
  switch (letter.toLowerCase()) {
    case 's':
      return UNIT_MILLISECONDS.s;
    case 'm':
      // Lower case only stands in the short form; in ISO 8601 an M before the T would be months.
      if (letter === 'M' && !inTime) throw new RangeError('months have no one length');
      return UNIT_MILLISECONDS.m;
    case 'h':
      return UNIT_MILLISECONDS.h;
    case 'd':
      return UNIT_MILLISECONDS.d;
    default:
      return UNIT_MILLISECONDS.w;
  }
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
] as const;

/** A length of time in its largest whole unit up to hours, days from three on: `24 h`, `14 d`, `90 min`. */
export function durationText(milliseconds: number): string {
  const [size, name] = UNITS.find(([unit]) => fits(milliseconds, unit)) ?? [1, 'ms'];
  return `${milliseconds / size} ${name}`;
}

function fits(milliseconds: number, unit: number): boolean {
  return milliseconds % unit === 0 && (unit !== UNIT_MILLISECONDS.d || milliseconds >= 3 * unit);
}

/** An age beyond a limit, rounded down but never so far that it looks within it: `31 h` beside a limit of `24 h`. */
export function ageText(age: number, limit: number): string {
  const from = limit >= 3 * UNIT_MILLISECONDS.d && limit % UNIT_MILLISECONDS.d === 0 ? 0 : 1;
  const [size, name] = UNITS.slice(from).find(([unit]) => Math.floor(age / unit) * unit > limit) ?? [1, 'ms'];
  return `${Math.floor(age / size)} ${name}`;
}
