// What is wrong with a roster and what to do, for every reason that the server gives, in French.

export const problemsFr = {
  UNKNOWN_ENUMERATION: 'Cette valeur n’est pas de celles que OneRoster 1.2 permet ici. Corrigez-la.',
  LOGIN_TAKEN: 'Cet identifiant appartient déjà à quelqu’un d’autre. Donnez-en un autre à cette personne.',
  INVALID_LOGIN: 'Cet identifiant ne convient pas : trop court, trop long, ou avec des caractères non permis. Corrigez-le.',
  INVALID_NAME: 'Ce nom ne convient pas : vide, trop long, ou avec des caractères invisibles. Corrigez-le.',
  PERSON_ELSEWHERE: 'Cette personne appartient déjà à un autre établissement. Retirez-la du fichier, ou prévenez la plateforme.',
  UNKNOWN_SCHOOL: 'Ce n’est pas l’établissement choisi. Exportez seulement celui-ci.',
  DUPLICATE_TITLE: 'Deux classes portent ce nom. Donnez-leur des noms différents.',
  CLASS_WITHOUT_TEACHER: 'Cette classe n’a pas d’enseignant. Inscrivez-en un.',
};
