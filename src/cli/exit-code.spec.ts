import { describe, expect, it } from 'vitest';
import { EXIT, overall } from './exit-code.js';

describe('overall', () => {
  it('says yes only where every answer is yes', () => {
    expect(overall([EXIT.yes, EXIT.yes])).toBe(EXIT.yes);
    expect(overall([EXIT.yes, EXIT.unknown])).toBe(EXIT.unknown);
    expect(overall([EXIT.unknown, EXIT.no, EXIT.yes])).toBe(EXIT.no);
  });
});
