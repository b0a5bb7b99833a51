// The parts of one upload that are still to be sent: runs, so that a terabyte is as small as a page.

import type { Run } from './types';

export class Parts {
  private readonly runs: Run[];

  constructor(missing: readonly Run[]) {
    this.runs = missing.filter((run) => run.count > 0).map((run) => ({ ...run }));
  }

  get isEmpty(): boolean {
    return this.runs.length === 0;
  }

  /** How many are left. */
  get count(): number {
    return this.runs.reduce((sum, run) => sum + run.count, 0);
  }

  has(index: number): boolean {
    return this.runs.some((run) => run.first <= index && index < run.first + run.count);
  }

  /** The next one to send, which then counts as taken. */
  take(): number | undefined {
    const run = this.runs[0];
    if (run === undefined) return undefined;
    const index = run.first;
    run.first += 1;
    run.count -= 1;
    if (run.count === 0) this.runs.shift();
    return index;
  }

  /** Gives back one that was taken and not stored. */
  putBack(index: number): void {
    this.runs.unshift({ first: index, count: 1 });
  }
}
