/** Does `run` for every item, at most `width` at once, in their order. The first failure stops what has not begun. */
export async function parallel<T>(items: readonly T[], width: number, run: (item: T, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const at = next++;
      try {
        await run(items[at] as T, at);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
