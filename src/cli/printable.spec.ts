import { describe, expect, it } from 'vitest';
import { printable, shortDigest } from './printable.js';

describe('printable', () => {
  it('makes visible what would steer a terminal or turn the direction of the text', () => {
    expect(printable('\u001b[32mALLOW\u001b[0m\r\n\u202egnp.exe\u009b')).toBe(
      '\\u{1b}[32mALLOW\\u{1b}[0m\\u{d}\\u{a}\\u{202e}gnp.exe\\u{9b}',
    );
  });

  it('leaves the letters of any language alone', () => {
    expect(printable('Prüfung 审批 ✓')).toBe('Prüfung 审批 ✓');
  });
});

describe('shortDigest', () => {
  it('keeps the algorithm and the first twelve digits', () => {
    expect(shortDigest(`sha256:${'0a'.repeat(32)}`)).toBe('sha256:0a0a0a0a0a0a');
  });
});
