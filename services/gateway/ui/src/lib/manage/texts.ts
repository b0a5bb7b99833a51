// The texts of the administrators' pages: loaded with them, and not by everybody who signs in.

import { i18n } from '../i18n.svelte';
import { manageEn } from '../i18n/manage.en';
import { manageFr, type ManageTexts } from '../i18n/manage.fr';
import type { Lang } from '../format';

const TEXTS: Record<Lang, ManageTexts> = { fr: manageFr, en: manageEn };

export const manage = {
  get t(): ManageTexts {
    return TEXTS[i18n.lang];
  },
};
