// What is wrong with a roster and what to do, for every reason that the server gives, in English.

import type { problemsFr } from './problems.fr';

export const problemsEn: Record<keyof typeof problemsFr, string> = {
  UNKNOWN_ENUMERATION: 'This value is not one that OneRoster 1.2 allows here. Mend it.',
  LOGIN_TAKEN: 'This login belongs to somebody else already. Give this person another.',
  INVALID_LOGIN: 'This login will not do: too short, too long, or with characters that are not allowed. Mend it.',
  INVALID_NAME: 'This name will not do: empty, too long, or with invisible characters. Mend it.',
  PERSON_ELSEWHERE: 'This person belongs to another school already. Take them out of the file, or tell the platform.',
  UNKNOWN_SCHOOL: 'This is not the chosen school. Export that one alone.',
  DUPLICATE_TITLE: 'Two classes have this name. Give them different names.',
  CLASS_WITHOUT_TEACHER: 'This class has no teacher. Enrol one.',
};
