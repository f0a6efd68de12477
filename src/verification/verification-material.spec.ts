import { describe, expect, it } from 'vitest';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import { authorityWith, BUILT_IN_ROOT, CA, day, rootWith, trustOf, TSA } from '../trust/trust.fixture.js';
import { verificationMaterial } from './verification-material.js';

const wide = rootWith(authorityWith({ id: CA, type: 'ca' }), authorityWith({ id: TSA, type: 'tsa' }));
const narrow = rootWith(authorityWith({ id: CA, type: 'ca', validUntil: day(9) }));
const plain: TrustRoot = { ...wide, form: 'x509' };

function rootsAfter(...roots: readonly TrustRoot[]): readonly TrustRoot[] {
  const recorded = roots.map((root, index) => ({ at: day(index + 1), root, name: 'own' }));
  return verificationMaterial(trustOf(...recorded)).roots.filter((root) => root !== BUILT_IN_ROOT);
}

describe('the roots that signatures are tried under', () => {
  it('are the latest states, and earlier ones as far as they list more', () => {
    expect(rootsAfter(narrow, wide)).toEqual([wide]);
    expect(rootsAfter(wide, narrow)).toEqual([narrow, wide]);
  });

  it('are earlier states of another form as well: what is proved under one is not always under the other', () => {
    expect(rootsAfter(plain, wide)).toEqual([wide, plain]);
    expect(rootsAfter(wide, plain, wide)).toEqual([wide, plain]);
  });
});
