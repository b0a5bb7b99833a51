// Hands on the keyboard only: whoever holds this has no other way to touch the page.

import type { FileChooser, Page } from 'playwright-core';

const MOST_TABS = 80;

export class Keys {
  constructor(private readonly page: Page) {}

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Presses Tab until the focus is on what has that accessible name, and a mark that shows it. */
  async tabTo(name: string | RegExp): Promise<void> {
    const passed: string[] = [];
    for (let press = 0; press < MOST_TABS; press++) {
      await this.page.keyboard.press('Tab');
      const { here, visible } = await this.page.evaluate(focused);
      passed.push(here);
      if (typeof name === 'string' ? here !== name : !name.test(here)) continue;
      if (!visible) throw new Error(`the focus on ${here} cannot be seen`);
      return;
    }
    throw new Error(`Tab never reaches ${String(name)}, only ${passed.join(' | ')}`);
  }

  /** Goes there and presses Enter. */
  async open(name: string | RegExp): Promise<void> {
    await this.tabTo(name);
    await this.press('Enter');
  }

  /** Opens a line's menu and walks down to an action. */
  async act(name: string, action: string): Promise<void> {
    await this.open(`Actions pour ${name}`);
    for (let step = 0; step < 10; step++) {
      if ((await this.page.evaluate(focused)).here === action) return this.press('Enter');
      await this.press('ArrowDown');
    }
    throw new Error(`the menu of ${name} has no ${action}`);
  }

  /** The file chooser that Enter on that button opens. */
  async chooser(button: string | RegExp): Promise<FileChooser> {
    await this.tabTo(button);
    const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), this.press('Enter')]);
    return chooser;
  }

  /** The accessible name of what has the focus, once it is this one. */
  async focusOn(name: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const element = document.activeElement;
        return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim() === wanted;
      },
      name,
    );
  }
}

/** Records every press of a pointer in the page, to prove that there was none. */
export async function watchPointers(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const count = (): void => sessionStorage.setItem('pointers', String(Number(sessionStorage.getItem('pointers') ?? 0) + 1));
    for (const type of ['pointerdown', 'mousedown', 'touchstart']) addEventListener(type, count, true);
  });
  return () => page.evaluate(() => Number(sessionStorage.getItem('pointers') ?? 0));
}

function focused(): { here: string; visible: boolean } {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement) || element === document.body) return { here: '', visible: false };
  const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
  const here = (element.getAttribute('aria-label') ?? label ?? element.textContent ?? '').replace(/\s+/g, ' ').trim();
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const marked = (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
  return { here, visible: marked && box.width > 0 && box.height > 0 };
}
