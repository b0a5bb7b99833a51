//! Invented names, combined by number.

const GIVEN: [&str; 32] = [
    "Agathe", "Amine", "Anaïs", "Basile", "Camille", "Chloé", "Diego", "Élodie", "Enzo", "Fanny",
    "Gaëlle", "Hugo", "Inès", "Jade", "Kenza", "Léo", "Linh", "Maëlys", "Malik", "Manon", "Naïm",
    "Noé", "Océane", "Paul", "Quentin", "Rania", "Raphaël", "Salomé", "Théo", "Ulysse", "Yasmine",
    "Zoé",
];

const FAMILY: [&str; 32] = [
    "Aubry",
    "Bellanger",
    "Benali",
    "Bonnefoy",
    "Carpentier",
    "Chevalier",
    "Cissé",
    "Dacosta",
    "Delmas",
    "Diallo",
    "Étienne",
    "Fabre",
    "Fontaine",
    "Garnier",
    "Guérin",
    "Haddad",
    "Jourdan",
    "Kervella",
    "Lacroix",
    "Lefèvre",
    "Marchetti",
    "Maréchal",
    "N'Diaye",
    "Nguyễn",
    "Ortega",
    "Peltier",
    "Quéré",
    "Rousselot",
    "Saïdi",
    "Tessier",
    "Vasseur",
    "Zidane",
];

/// Given and family name of the person with this number. Namesakes exist, as in any school.
pub(crate) fn name(number: u32) -> (&'static str, &'static str) {
    let at = |number: u32| usize::try_from(number % 32).expect("less than 32");
    (
        GIVEN[at(number)],
        FAMILY[at((number / 32).wrapping_add(number.wrapping_mul(7)))],
    )
}

/// A login that no other number has.
pub(crate) fn login(number: u32) -> String {
    let (given, family) = name(number);
    let (given, family) = (given.to_lowercase(), family.to_lowercase());
    format!("{given}.{family}.{number}")
}
