// The texts of devices and apps: loaded with their pages, and not by everybody who administers.

import { i18n } from '../i18n.svelte';
import { fleetEn } from '../i18n/fleet.en';
import { fleetFr, type FleetTexts } from '../i18n/fleet.fr';
import type { Lang } from '../format';

const TEXTS: Record<Lang, FleetTexts> = { fr: fleetFr, en: fleetEn };

export const fleetTexts = {
  get t(): FleetTexts {
    return TEXTS[i18n.lang];
  },
};
