/**
 * Envelopes that are not there since, as is said, they were dropped. The entry that tells so comes behind that of the receipt,
 * and until it does nothing but somebody's word stands for it.
 */
export class DroppedClaims {
  private readonly open = new Set<string>();

  claim(attestation: string): void {
    this.open.add(attestation);
  }

  /** An entry tells that the envelope was dropped. */
  told(attestation: string): void {
    this.open.delete(attestation);
  }

  /** How many no entry tells of, and the first of them; null where there are none. */
  untold(): { readonly count: number; readonly first: string } | null {
    const [first] = this.open;
    return first === undefined ? null : { count: this.open.size, first };
  }
}
