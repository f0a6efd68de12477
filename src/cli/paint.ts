import { styleText } from 'node:util';
import type { Paint } from './verdict-lines.js';

const COLOURS = { good: 'green', bad: 'red', doubtful: 'yellow', quiet: 'gray' } as const;

/** Colours on a terminal, plain text anywhere else; NO_COLOR and FORCE_COLOR have their usual say. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (tone, text) => styleText(COLOURS[tone], text, { stream });
}
