// The browser's clock and timers, as what is pure takes them.

import type { Clock } from './upload/types';

export const clock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
