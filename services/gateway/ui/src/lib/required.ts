/** A message field that the contract always fills; its absence is the server's fault. */
export function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`the server's answer lacks ${field}`);
  return value;
}
