// The language of the page: the one chosen last, else the browser's, else French.

import { en } from './i18n/en';
import { fr, type Catalogue } from './i18n/fr';
import type { Lang } from './format';

const KEY = 'preau-language';
const CATALOGUES: Record<Lang, Catalogue> = { fr, en };

export const LANGUAGES: { lang: Lang; name: string }[] = [
  { lang: 'fr', name: 'Français' },
  { lang: 'en', name: 'English' },
];

/** The first of `wanted` that we speak. */
export function pickLanguage(wanted: readonly string[]): Lang {
  for (const tag of wanted) {
    const lang = tag.slice(0, 2).toLowerCase();
    if (lang === 'fr' || lang === 'en') return lang;
  }
  return 'fr';
}

class I18n {
  lang = $state<Lang>(initial());

  get t(): Catalogue {
    return CATALOGUES[this.lang];
  }

  choose(lang: Lang): void {
    this.lang = lang;
    try {
      localStorage.setItem(KEY, lang);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }
}

function initial(): Lang {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept !== null) return pickLanguage([kept]);
  } catch {
    // Storage may be forbidden; the browser's languages remain.
  }
  return pickLanguage(navigator.languages);
}

export const i18n = new I18n();
