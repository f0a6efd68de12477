import type { FooterLine, HeaderLine } from './archive-line.js';
import type { LeafEntry } from './told-entry.js';
import { isGapProof, span } from './sequence-gap.js';

/** Where what is found about the course of an archive goes. */
export interface CourseFaults {
  /** The archive is not whole. */
  readonly broken: (detail: string) => void;
  /** Entries are left out that must be there. */
  readonly leftOut: (detail: string) => void;
  /** Whether entries are left out is not shown. */
  readonly notShown: (text: string) => void;
}

/** A part of an archive, from one header on: there are several where one that was cut off was gone on with. */
interface Part {
  readonly header: HeaderLine;
  readonly counts: Map<string, number>;
  /** Of the last entry in it. */
  last: number | null;
}

type Placed = Pick<LeafEntry, 'sequence' | 'at'>;

/** The order in which the lines of an archive must come. Lines are told of by their number. */
export class ArchiveCourse {
  private part: Part;
  private last: Placed | null = null;
  private ended = false;
  /** What is wrong, unless the archive was cut off right there and is gone on with in the next line. */
  private loose: string | null = null;

  constructor(
    header: HeaderLine,
    private readonly faults: CourseFaults,
  ) {
    this.part = { header, counts: new Map([['header', 1]]), last: null };
    const { after } = header.scope;
    if (after > 0) faults.notShown(`what is in the account up to entry ${after}, behind which the archive begins`);
  }

  /** The sequence behind which an archive that is cut off here is to be gone on with. */
  get reached(): number {
    return this.last?.sequence ?? this.part.header.scope.after;
  }

  get completeTo(): number {
    return this.part.header.completeTo;
  }

  /** A header that is not the first: of the same archive, behind its last entry. */
  goOn(number: number, header: HeaderLine): void {
    const { after, ...scope } = header.scope;
    const before = this.part.header.scope;
    const isSame = (['digest', 'since', 'until'] as const).every((name) => scope[name] === before[name]);
    if (!isSame) this.faults.broken(`line ${number} begins an archive of something else`);
    else if (after !== this.reached) {
      const detail = `line ${number} goes on behind entry ${after}, and the archive came to entry ${this.reached}`;
      this.faults.broken(detail);
    }
    this.loose = null;
    this.ended = false;
    this.part = { header, counts: new Map([['header', 1]]), last: null };
  }

  /** A line that cannot be read, or belongs to no entry. */
  astray(number: number, fault: string): void {
    this.settle();
    this.loose = `line ${number} ${fault}`;
  }

  /** A line of this kind, which is neither header nor footer. */
  count(number: number, kind: string): void {
    this.settle();
    if (this.ended) this.faults.broken(`line ${number} stands behind the footer`);
    this.part.counts.set(kind, (this.part.counts.get(kind) ?? 0) + 1);
  }

  /** Whether the entry comes behind those before it; told of where not, and of what is left out between. */
  entry(number: number, { sequence, at }: Placed): boolean {
    if (sequence <= this.reached) {
      const isTwice = sequence === this.last?.sequence ? 'again' : 'out of its order, or again';
      this.faults.broken(`line ${number} has entry ${sequence} ${isTwice}`);
      return false;
    }
    this.gap(this.reached + 1, sequence - 1, [this.last?.at ?? null, at]);
    this.last = { sequence, at };
    this.part.last = sequence;
    return true;
  }

  footer(number: number, { counts, last }: FooterLine): void {
    this.settle();
    if (this.ended) this.faults.broken(`line ${number} is a further footer`);
    this.ended = true;
    for (const kind of new Set([...Object.keys(counts), ...this.part.counts.keys()])) {
      const [found, said] = [this.part.counts.get(kind) ?? 0, counts[kind] ?? 0];
      if (found === said) continue;
      this.faults.broken(
        `there are ${found} lines of the kind ${kind}, and the footer in line ${number} tells of ${said}`,
      );
    }
    if (last !== this.part.last) {
      this.faults.broken(
        `the last entry is ${this.part.last ?? 'none'}, and the footer in line ${number} names ${last ?? 'none'}`,
      );
    }
    this.gap(this.reached + 1, this.completeTo, [this.last?.at ?? null, null]);
  }

  /** @param lines how many there are in all. */
  end(lines: number): void {
    if (this.ended) {
      this.settle();
      return;
    }
    const where = `behind entry ${this.reached}, and ends with line ${lines}`;
    this.faults.broken(`the archive is cut off ${where}: it is gone on with by after=${this.reached}`);
  }

  private settle(): void {
    if (this.loose !== null) this.faults.broken(this.loose);
    this.loose = null;
  }

  private gap(first: number, last: number, [before, behind]: readonly [string | null, string | null]): void {
    const { scope } = this.part.header;
    if (first > last || scope.digest !== null) return;
    // Before the first entry, and behind the last, is what was made outside of the period, if that has an end there.
    const isOutside = (before === null && scope.since !== null) || (behind === null && scope.until !== null);
    if (!isOutside && isGapProof(scope, [before, behind])) this.faults.leftOut(`missing: ${span(first, last)}`);
    else
      this.faults.notShown(
        `whether these are of the period too, near an end of which they stand: ${span(first, last)}`,
      );
  }
}
