/** What a process does for all, beside answering. */
export const BACKGROUND_WORK = ['sealing'] as const;
export type BackgroundWork = (typeof BACKGROUND_WORK)[number];

/** What of its work in the background this process must not do until an operator has looked; requests are answered as ever. */
export class Degradations {
  private readonly refused = new Set<BackgroundWork>();

  note(work: BackgroundWork, isRefused: boolean): void {
    if (isRefused) this.refused.add(work);
    else this.refused.delete(work);
  }

  current(): readonly BackgroundWork[] {
    return BACKGROUND_WORK.filter((work) => this.refused.has(work));
  }
}
