// The texts of lessons: loaded with their pages, and not by everybody who signs in.

import { i18n } from '../i18n.svelte';
import { lessonsEn } from '../i18n/lessons.en';
import { lessonsFr, type LessonTexts } from '../i18n/lessons.fr';
import type { Lang } from '../format';

const TEXTS: Record<Lang, LessonTexts> = { fr: lessonsFr, en: lessonsEn };

export const lessonTexts = {
  get t(): LessonTexts {
    return TEXTS[i18n.lang];
  },
};
