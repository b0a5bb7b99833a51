// A tab that is driven without being watched. Playwright follows the network of its own pages, and has Chromium hand every
// request's body over for that: more work than the upload that is to be measured. So it only starts the browser here.

import { chromium } from "playwright-core";

const SWITCHES = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--no-first-run", "--lang=fr-FR",
];

/** Opens `url` in a new browser; answers how to drive the tab. */
export async function open(url) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: SWITCHES });
  const root = await browser.newBrowserCDPSession();
  const { targetId } = await root.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await root.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map();
  root.on("Target.receivedMessageFromTarget", (event) => {
    const { id, result, error } = JSON.parse(event.message);
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  });
  let last = 0;
  const send = (method, params = {}) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      const message = JSON.stringify({ id, method, params });
      root.send("Target.sendMessageToTarget", { sessionId, message }).catch(reject);
    });
  const evaluate = async (expression, more) => {
    const asked = { expression, awaitPromise: true, ...more };
    const { result, exceptionDetails } = await send("Runtime.evaluate", asked);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result;
  };
  await send("Page.enable");
  await send("Page.navigate", { url });
  return { send, evaluate, close: () => browser.close() };
}
