/** Names that are known to be of one and the same, whoever that is: a union of sets, told by one name for each. */
export class NamesTied {
  private readonly parents: Map<string, string>;
  /** By which they are told before others. */
  private readonly favoured: ReadonlySet<string>;

  /** @param others begins with what they tie, and tells names by one of theirs where there is one. */
  constructor(others?: NamesTied) {
    this.parents = new Map(others?.parents);
    this.favoured = new Set([...this.parents].flat());
  }

  /** One name for all that are tied to this one; the same for each of them. */
  readonly same = (name: string): string => {
    let at = name;
    for (let parent = this.parents.get(at); parent !== undefined; parent = this.parents.get(at)) at = parent;
    return at;
  };

  tie(one: string, other: string): void {
    const [first, second] = [this.same(one), this.same(other)].sort(
      (a, b) => this.rank(a) - this.rank(b) || (a < b ? -1 : 1),
    );
    if (first !== undefined && second !== undefined && first !== second) this.parents.set(second, first);
  }

  tieAll([first, ...others]: readonly string[]): void {
    for (const other of others) if (first !== undefined) this.tie(first, other);
  }

  private rank(name: string): number {
    return this.favoured.has(name) ? 0 : 1;
  }
}
