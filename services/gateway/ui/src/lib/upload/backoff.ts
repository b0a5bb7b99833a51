// How long to wait before the next try: full jitter, so that a class of thirty does not come back at once.

const FIRST_MS = 300;
const LONGEST_MS = 20_000;

/** Milliseconds before try number `attempt` (from 1); never less than the server asks for. */
export function backoff(attempt: number, atLeast: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return atLeast + Math.floor(random() * ceiling);
}
