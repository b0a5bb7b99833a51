// How many calls at once. Four parts on a thin line all miss their deadline; fewer arrive.

const MOST = 4;
/** Parts that must pass before a slow line is asked for more at once. */
const PARTS_TO_WIDEN = 8;

export class Pace {
  limit = MOST;
  private parts = 0;

  /** A call took longer than it may. */
  late(): void {
    this.limit = Math.max(1, Math.floor(this.limit / 2));
    this.parts = 0;
  }

  /** A part arrived in time. */
  passed(): void {
    this.parts += 1;
    if (this.parts % PARTS_TO_WIDEN === 0) this.limit = Math.min(MOST, this.limit + 1);
  }
}
