// What a stretch of work costs: seconds on the clock, and processor time of the server and of this client.

import { readFileSync, readdirSync } from "node:fs";

/** Ticks in a second, on every Linux. */
const HZ = 100;

/** Parent and processor seconds of a process; of one that has just ended, nothing. */
function look(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return { parent: 0, seconds: 0 };
  }
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
  return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / HZ };
}

/** Processor seconds of this process and of all that it started, a browser's many included. */
function family() {
  const all = new Map();
  for (const name of readdirSync("/proc")) {
    if (/^\d+$/.test(name)) all.set(Number(name), look(name));
  }
  const ours = (pid) => pid === process.pid || (pid > 1 && all.has(pid) && ours(all.get(pid).parent));
  let seconds = 0;
  for (const [pid, seen] of all) if (ours(pid)) seconds += seen.seconds;
  return seconds;
}

/** Does `work`; answers what it took, `pid` being the server's process. */
export async function measure(pid, work) {
  const before = { server: look(pid).seconds, client: family() };
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, server_cpu: look(pid).seconds - before.server, client_cpu: family() - before.client };
}
