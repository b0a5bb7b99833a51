// One file through the page's own upload, in Chromium: given to the button's chooser, cut, hashed and sent by the interface.
//
// Usage: node page.mjs BRIEF (JSON). Prints one line of JSON: what it took, from the choice to the answer of Commit.

import { basename } from "node:path";

import { measure } from "./measure.mjs";
import { open } from "./tab.mjs";

const brief = JSON.parse(process.argv[2]);
const MINUTE = 60_000;

/** An expression that waits in the page until another is true. */
function until(condition, limit) {
  return `new Promise((resolve, reject) => {
    const end = performance.now() + ${limit};
    const look = () => {
      if (${condition}) resolve();
      else if (performance.now() > end) reject(new Error("never: " + ${JSON.stringify(condition)} + ": " + document.body.innerText));
      else setTimeout(look, 5);
    };
    look();
  })`;
}

/** Calls of Commit that were answered. */
const COMMITTED = `performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/Commit")).length`;
const CHOOSER = `document.querySelector('input[data-chooser="files"]')`;
const PERSONAL = `[...document.querySelectorAll("main a")].find((link) => /Mon espace personnel|My personal space/.test(link.textContent))`;

async function signIn(tab) {
  await tab.evaluate(until(`location.href !== "about:blank" && document.querySelector("form")`, MINUTE));
  const account = JSON.stringify(JSON.stringify(brief.account));
  const how = `{ method: "POST", headers: { "content-type": "application/json" }, body: ${account} }`;
  await tab.evaluate(`fetch("/session", ${how}).then((answer) => { if (!answer.ok) throw new Error(answer.status); })`);
  await tab.send("Page.navigate", { url: `${brief.gateway}/app` });
  await tab.evaluate(until(PERSONAL, MINUTE));
  await tab.evaluate(`${PERSONAL}.click()`);
  await tab.evaluate(until(CHOOSER, MINUTE));
  // The parts of a file are more than the page would remember.
  await tab.evaluate("performance.setResourceTimingBufferSize(100000)");
}

/** Sends a file and waits until it is there. */
async function upload(tab, path) {
  const { value: before } = await tab.evaluate(COMMITTED);
  const { objectId } = await tab.evaluate(CHOOSER);
  await tab.send("DOM.setFileInputFiles", { files: [path], objectId });
  await tab.evaluate(until(`${COMMITTED} > ${before}`, 10 * MINUTE));
}

const tab = await open(brief.gateway);
try {
  await signIn(tab);
  await upload(tab, brief.warm_up);
  const took = await measure(brief.pid, () => upload(tab, brief.file));
  // Answered is not yet stored: the folder shows what is.
  const listed = JSON.stringify(basename(brief.file));
  await tab.evaluate(until(`document.querySelector("main").innerText.includes(${listed})`, MINUTE));
  console.log(JSON.stringify(took));
} finally {
  await tab.close();
}
