import { printable } from '../printable.js';
import { verdictLines, type Paint } from '../verdict-lines.js';
import type { VerdictAnswer } from '../verdict-answer.js';

/** Tells the reader what happens. Every method prints at once. */
export interface Narration {
  /** Begins a numbered step. */
  step(title: string): void;
  say(...lines: readonly string[]): void;
  /** The same request for a shell, where `AUTH` holds the header with the token. */
  curl(words: string): void;
  verdict(verdict: VerdictAnswer): void;
}

/** A narration that prints to a terminal or a log. */
export function narrate(print: (line: string) => void, paint: Paint): Narration {
  let steps = 0;
  const say = (...lines: readonly string[]): void => {
    lines.forEach((line) => {
      print(`   ${line}`);
    });
  };
  return {
    say,
    step(title) {
      steps += 1;
      print('');
      print(`${steps}. ${title}`);
    },
    curl(words) {
      say(paint('quiet', `$ curl -H "$AUTH" ${words}`));
    },
    verdict(verdict) {
      const [head = '', ...rest] = verdictLines(verdict, paint);
      // The image and the policy stay the same throughout and are told once.
      say(head.split('  ')[0] ?? printable(verdict.decision), ...rest);
    },
  };
}
