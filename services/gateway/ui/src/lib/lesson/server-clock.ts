// What time it is on the server: clocks of school computers are wrong by minutes, and a lease ends by the server's.
//
// Whatever the server dated had been dated when it arrived: the server's clock shows at least that. The latest such
// bound is off by the way alone. It only knows a clock that never goes back, so nobody's setting the clock disturbs it.

export class ServerClock {
  private ahead: number | undefined;

  /** `mono` tells milliseconds of a clock that only goes forward. */
  constructor(private readonly mono: () => number) {}

  /** Something arrived that the server had dated, in milliseconds. */
  heard(dated: number): void {
    if (!Number.isFinite(dated) || dated <= 0) return;
    const bound = dated - this.mono();
    if (this.ahead === undefined || bound > this.ahead) this.ahead = bound;
  }

  /** Milliseconds until that time of the server's, from 0 to `most`; `most` while nothing was ever dated. */
  until(time: number, most: number): number {
    if (this.ahead === undefined) return most;
    return Math.min(most, Math.max(0, time - this.mono() - this.ahead));
  }
}
