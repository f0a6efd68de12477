/** Names that are known to be of one and the same, whoever that is: a union of sets, told by one name for each. */
export class NamesTied {
  private readonly parents: Map<string, string>;

  /** @param others begins with what they tie. */
  constructor(others?: NamesTied) {
    this.parents = new Map(others?.parents);
  }

  /** One name for all that are tied to this one; the same for each of them. */
  readonly same = (name: string): string => {
    let at = name;
    for (let parent = this.parents.get(at); parent !== undefined; parent = this.parents.get(at)) at = parent;
    return at;
  };

  tie(one: string, other: string): void {
    const [first, second] = [this.same(one), this.same(other)].sort();
    if (first !== undefined && second !== undefined && first !== second) this.parents.set(second, first);
  }

  tieAll([first, ...others]: readonly string[]): void {
    for (const other of others) if (first !== undefined) this.tie(first, other);
  }
}
