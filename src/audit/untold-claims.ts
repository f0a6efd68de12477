/**
 * What is claimed of which the entry comes behind: that an envelope is not there since it was dropped, or that something was found
 * out about it. Until that entry comes nothing but somebody's word stands for it.
 */
export class UntoldClaims {
  private readonly open = new Set<string>();

  claim(what: string): void {
    this.open.add(what);
  }

  /** An entry tells so. */
  told(what: string): void {
    this.open.delete(what);
  }

  /** How many no entry tells of, and the first of them; null where there are none. */
  untold(): { readonly count: number; readonly first: string } | null {
    const [first] = this.open;
    return first === undefined ? null : { count: this.open.size, first };
  }
}
