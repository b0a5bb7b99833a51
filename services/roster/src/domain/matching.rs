//! Which class of the school a class of the file is.

use std::collections::{HashMap, HashSet};

use preau_kernel::names::Name;

use super::{KnownClass, PlannedClass};

/// What becomes of a class of the file, by its place among the planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// None of the school's: it is made.
    New,
    /// The school's class at this place.
    Known(usize),
}

/// The matches of all planned classes, and those whose new name another class of the school keeps from them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Matches {
    pub(crate) of: Vec<Match>,
    /// Places among the planned.
    pub(crate) name_taken: Vec<usize>,
}

/// Matches by sourced id first. A class that no roster names, or one that this roster no longer does, is taken for the
/// class of the same name: exporters give classes new ids every year, and a name is one class's only.
pub(crate) fn match_classes(known: &[KnownClass], planned: &[PlannedClass]) -> Matches {
    let by_source: HashMap<&str, usize> = known
        .iter()
        .enumerate()
        .filter_map(|(place, class)| Some((class.sourced_id.as_deref()?, place)))
        .collect();
    let by_name: HashMap<String, usize> = known
        .iter()
        .enumerate()
        .map(|(place, class)| (class.name.folded(), place))
        .collect();
    let sourced: HashSet<usize> = planned
        .iter()
        .filter_map(|class| by_source.get(&*class.sourced_id).copied())
        .collect();
    let mut of = Vec::with_capacity(planned.len());
    let mut name_taken = Vec::new();
    for (place, class) in planned.iter().enumerate() {
        let namesake = by_name.get(&class.name.folded()).copied();
        // A namesake that the file names by its own id gets another name, or the file would have it twice.
        let free = namesake.filter(|namesake| !sourced.contains(namesake));
        match by_source.get(&*class.sourced_id) {
            Some(own) => {
                if free.is_some() {
                    name_taken.push(place);
                }
                of.push(Match::Known(*own));
            }
            None => of.push(free.map_or(Match::New, Match::Known)),
        }
    }
    Matches { of, name_taken }
}

/// What every planned class will be called: as the file says, or, where somebody has taken the name by hand since it was
/// validated, with a number behind it. Never fails: by now the people are imported.
pub(crate) fn final_names(
    known: &[KnownClass],
    planned: &[PlannedClass],
    matches: &Matches,
) -> Vec<Name> {
    let matched: HashSet<usize> = matches
        .of
        .iter()
        .filter_map(|found| match found {
            Match::Known(place) => Some(*place),
            Match::New => None,
        })
        .collect();
    let mut taken: HashSet<String> = known
        .iter()
        .enumerate()
        .filter(|(place, _)| !matched.contains(place))
        .map(|(_, class)| class.name.folded())
        .collect();
    let wanted: HashSet<String> = planned.iter().map(|class| class.name.folded()).collect();
    planned
        .iter()
        .map(|class| {
            if taken.insert(class.name.folded()) {
                return class.name.clone();
            }
            let numbered = (2..1000_u32)
                .filter_map(|number| Name::parse(&format!("{} ({number})", class.name)).ok())
                .find(|name| !wanted.contains(&name.folded()) && taken.insert(name.folded()));
            // An id is a name too, and nobody else's.
            numbered
                .or_else(|| Name::parse(&class.id.to_string()).ok())
                .unwrap_or_else(|| class.name.clone())
        })
        .collect()
}

/// Whether a matched class is as the file has it.
pub(crate) fn is_unchanged(known: &KnownClass, planned: &PlannedClass) -> bool {
    known.sourced_id.as_deref() == Some(&*planned.sourced_id)
        && known.name == planned.name
        && known.main_teacher == planned.main_teacher
}

#[cfg(test)]
mod tests {
    use preau_kernel::ids::{ClassId, PersonId};
    use preau_kernel::names::Name;

    use super::{Match, final_names, match_classes};
    use crate::domain::{KnownClass, PlannedClass};

    fn known(name: &str, sourced_id: Option<&str>) -> KnownClass {
        KnownClass {
            id: ClassId::new(),
            name: Name::parse(name).expect("a name"),
            main_teacher: PersonId::new(),
            sourced_id: sourced_id.map(Into::into),
        }
    }

    fn planned(sourced_id: &str, name: &str) -> PlannedClass {
        PlannedClass {
            sourced_id: sourced_id.into(),
            id: ClassId::new(),
            name: Name::parse(name).expect("a name"),
            main_teacher: PersonId::new(),
        }
    }

    #[test]
    fn ids_come_before_names_and_names_before_new_classes() {
        let school = [
            known("2de A", Some("a")),
            known("2DE B", None),
            known("2de C", Some("old")),
        ];
        let file = [
            planned("a", "2de A bis"),
            planned("b", "2de B"),
            planned("c", "2de C"),
            planned("d", "2de A"),
        ];
        let matches = match_classes(&school, &file);
        let expected = [
            Match::Known(0),
            Match::Known(1),
            Match::Known(2),
            Match::New,
        ];
        assert_eq!(matches.of, expected);
        assert!(matches.name_taken.is_empty());
    }

    #[test]
    fn two_classes_may_change_names_with_each_other() {
        let school = [known("A", Some("1")), known("B", Some("2"))];
        let matches = match_classes(&school, &[planned("1", "B"), planned("2", "A")]);
        assert_eq!(matches.of, [Match::Known(0), Match::Known(1)]);
        assert!(matches.name_taken.is_empty());
    }

    #[test]
    fn a_name_that_a_class_made_by_hand_has_is_not_to_be_had() {
        let school = [known("A", Some("1")), known("B", None)];
        let matches = match_classes(&school, &[planned("1", "b")]);
        assert_eq!(
            (&*matches.of, &*matches.name_taken),
            (&[Match::Known(0)][..], &[0][..])
        );
    }

    #[test]
    fn a_name_taken_at_the_last_moment_gets_a_number() {
        let school = [known("A", Some("1")), known("B", None), known("C", None)];
        let file = [
            planned("1", "b"),
            planned("2", "A"),
            planned("3", "B (2)"),
            planned("4", "c"),
        ];
        let names = final_names(&school, &file, &match_classes(&school, &file));
        let names: Vec<_> = names.iter().map(Name::as_str).collect();
        assert_eq!(names, ["b (3)", "A", "B (2)", "c"]);
    }
}
