// Beats for a page that nobody looks at: browsers slow the timers of hidden pages to one a minute, and not a worker's.

declare const self: { onmessage: ((event: MessageEvent<number>) => void) | null; postMessage: (message: null) => void };

self.onmessage = ({ data: ms }) => {
  setInterval(() => self.postMessage(null), ms);
};

export {};
