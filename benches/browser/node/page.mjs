// One file through the page's own upload, in Chromium: chosen with the button, cut, hashed and sent by the interface.
//
// Usage: node page.mjs BRIEF (JSON). Prints one line of JSON: what it took, from the choice to the answer of Commit.

import { chromium } from "playwright-core";

import { measure } from "./measure.mjs";

const brief = JSON.parse(process.argv[2]);
const SWITCHES = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--no-first-run",
];
const MINUTES = 60_000;

async function signIn(page) {
  await page.goto(brief.gateway);
  await page.getByLabel("Identifiant").fill(brief.account.login);
  await page.getByLabel("Mot de passe", { exact: true }).fill(brief.account.password);
  await page.getByRole("button", { name: "Se connecter" }).click();
  await page.getByRole("link", { name: "Mon espace personnel" }).click();
}

/** Sends a file and waits until it is there. Its status is in the answer's last frame, or in the headers of a refusal. */
async function upload(page, path) {
  const committed = page.waitForResponse((answer) => answer.url().endsWith("/Commit"), { timeout: 10 * MINUTES });
  await page.locator('input[data-chooser="files"]').setInputFiles(path);
  const answer = await committed;
  const last = (await answer.body()).toString("latin1");
  if (!/grpc-status: ?0/.test(last)) throw new Error(`Commit: ${JSON.stringify(await answer.allHeaders())} ${last}`);
}

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: SWITCHES });
try {
  const page = await browser.newPage({ locale: "fr-FR" });
  await signIn(page);
  await upload(page, brief.warm_up);
  console.log(JSON.stringify(await measure(brief.pid, () => upload(page, brief.file))));
} finally {
  await browser.close();
}
