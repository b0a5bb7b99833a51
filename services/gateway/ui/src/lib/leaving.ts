// What must be forgotten when somebody signs out: the next person at this browser may be somebody else.

const tasks = new Set<() => void>();

/** `forget` runs at every sign-out from now on. */
export function onLeaving(forget: () => void): void {
  tasks.add(forget);
}

export function leaving(): void {
  for (const forget of tasks) forget();
}
