import { describe, expect, it } from 'vitest';
import { sha256, type SubjectDigest } from '../intoto/digest.js';
import { RelatedDigests } from './related-digests.js';

const image = sha256(Buffer.from('image'));
const commit = (index: number): SubjectDigest => `gitCommit:${String(index).padStart(40, '0')}` as SubjectDigest;

describe('what answers about an image depended on', () => {
  it('is nothing where nothing is remembered', () => {
    expect(new RelatedDigests().of(image)).toEqual([]);
  });

  it('is remembered of all of its questions', () => {
    const related = new RelatedDigests();
    related.remember(image, [commit(1)]);
    related.remember(image, [commit(2), commit(1)]);
    related.remember(image, []);
    expect(related.of(image)).toEqual([commit(1), commit(2)]);
    expect(related.of(sha256(Buffer.from('another')))).toEqual([]);
  });

  it('is what the last answer depended on, once there is too much of it', () => {
    const related = new RelatedDigests();
    for (let index = 0; index < 401; index += 1) related.remember(image, [commit(index)]);
    expect(related.of(image)).toEqual([commit(400)]);
  });
});
