//! The store's contract, on both databases.
#![expect(clippy::unwrap_used, reason = "tests")]

mod imports;

use preau_kernel::access::{
    Authorized, Caller, Facts, Grant, Part, Principal, Relation, Role, Rule, Scope,
};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{AuthorityId, ClassId, PersonId, SchoolId, SessionId};
use preau_kernel::names::Name;
use preau_storage_database::{Db, testing};

use super::{MIGRATIONS, Store};
use crate::domain::{Class, Member, Refusal, School, Standing};
use crate::error::Error;

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

/// A proof about anything: the operator's.
fn proof<T>(object: T) -> Authorized<T> {
    let principal = Principal {
        person: PersonId::new(),
        session: SessionId::new(),
        school: None,
        authority: None,
        grants: vec![Grant {
            role: Role::PlatformAdmin,
            scope: Scope::Platform,
        }],
    };
    let rules = vec![Rule {
        roles: vec![Role::PlatformAdmin],
        relation: Relation::Platform,
    }];
    Caller::new(principal, rules, || {})
        .authorize(&Facts::default(), object)
        .unwrap()
}

fn school() -> School {
    School {
        id: SchoolId::new(),
        authority: AuthorityId::new(),
    }
}

async fn class(store: &Store, school: School, name: &str) -> Class {
    let class = unstored(school, name);
    store
        .create_class(&proof(school), &class, NOW)
        .await
        .unwrap();
    class
}

fn unstored(school: School, name: &str) -> Class {
    Class {
        id: ClassId::new(),
        school,
        name: Name::parse(name).unwrap(),
        main_teacher: PersonId::new(),
    }
}

async fn enrol(store: &Store, class: &Class, person: PersonId, part: Part) {
    let member = Member { person, part };
    store
        .enrol(&proof(class.clone()), member, NOW)
        .await
        .unwrap();
}

async fn part(store: &Store, class: &Class, person: PersonId) -> Option<Part> {
    store
        .standing(class.id, person)
        .await
        .unwrap()
        .unwrap()
        .part
}

#[tokio::test]
async fn a_class_is_created_with_its_main_teacher_in_it() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let class = class(&store, school(), "2nde B").await;

        let standing = store.standing(class.id, class.main_teacher).await.unwrap();
        let expected = Standing {
            class: class.clone(),
            part: Some(Part::Teacher),
        };
        assert_eq!(standing, Some(expected));
        assert_eq!(part(&store, &class, PersonId::new()).await, None);
        assert_eq!(
            store
                .standing(ClassId::new(), class.main_teacher)
                .await
                .unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn a_name_is_taken_in_its_school_whatever_its_case_and_free_elsewhere() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let (here, elsewhere) = (school(), school());
        let first = class(&store, here, "Première É").await;

        let second = unstored(here, "PREMIE\u{300}RE e\u{301}");
        let refused = store.create_class(&proof(here), &second, NOW).await;
        assert!(matches!(refused, Err(Error::NameTaken)), "{refused:?}");

        let nobody = store
            .standing(second.id, second.main_teacher)
            .await
            .unwrap();
        assert_eq!(nobody, None, "nothing of the second is stored");
        assert_eq!(
            store.classes_after(&proof(here), "", 10).await.unwrap(),
            [first]
        );
        class(&store, elsewhere, "Première É").await;
    })
    .await;
}

#[tokio::test]
async fn enrolling_again_changes_the_part_and_unenrolling_again_changes_nothing() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let class = class(&store, school(), "2nde B").await;
        let person = PersonId::new();

        enrol(&store, &class, person, Part::Student).await;
        assert_eq!(part(&store, &class, person).await, Some(Part::Student));
        enrol(&store, &class, person, Part::Teacher).await;
        assert_eq!(part(&store, &class, person).await, Some(Part::Teacher));
        for _ in 0..2 {
            store.unenrol(&proof(class.clone()), person).await.unwrap();
            assert_eq!(part(&store, &class, person).await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn the_main_teachers_enrolment_is_out_of_the_stores_reach() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let class = class(&store, school(), "2nde B").await;
        let main = class.main_teacher;
        store.unenrol(&proof(class.clone()), main).await.unwrap();
        assert_eq!(part(&store, &class, main).await, Some(Part::Teacher));
    })
    .await;
}

#[tokio::test]
async fn my_classes_are_mine_at_every_school_by_name() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let (one, other) = (school(), school());
        let person = PersonId::new();
        for (school, name) in [(one, "b"), (other, "A"), (one, "c")] {
            let class = class(&store, school, name).await;
            enrol(&store, &class, person, Part::Teacher).await;
        }
        class(&store, one, "not mine").await;

        let mine = store.classes_of(&proof(person)).await.unwrap();
        let names: Vec<_> = mine.iter().map(|mine| mine.class.name.as_str()).collect();
        assert_eq!(names, ["A", "b", "c"]);
    })
    .await;
}

#[tokio::test]
async fn classes_page_by_their_folded_names_within_their_school() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let here = school();
        for name in ["Zoo", "alpha", "Été", "Beta", "éclair"] {
            class(&store, here, name).await;
        }
        class(&store, school(), "elsewhere").await;

        let mut names = Vec::new();
        let mut after = String::new();
        loop {
            let page = store.classes_after(&proof(here), &after, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.name.folded();
            names.extend(page.iter().map(|class| class.name.as_str().to_owned()));
        }
        assert_eq!(names, ["alpha", "Beta", "Zoo", "éclair", "Été"]);
    })
    .await;
}

#[tokio::test]
async fn members_page_by_their_ids() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let class = class(&store, school(), "2nde B").await;
        let mut expected = vec![class.main_teacher];
        for _ in 0..4 {
            let person = PersonId::new();
            enrol(&store, &class, person, Part::Student).await;
            expected.push(person);
        }
        expected.sort();

        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let page = store
                .members_after(&proof(class.clone()), &after, 2)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            after = last.person.to_string();
            found.extend(page.iter().map(|member| member.person));
        }
        assert_eq!(found, expected);
    })
    .await;
}

#[tokio::test]
async fn nobody_is_in_more_classes_than_one_answer_lists() {
    let (db, _folder) = testing::sqlite(&MIGRATIONS).await;
    let store = Store::new(db);
    let here = school();
    let person = PersonId::new();
    let mut first = None;
    for number in 0..Standing::MAX_CLASSES {
        let class = class(&store, here, &format!("class {number}")).await;
        enrol(&store, &class, person, Part::Student).await;
        first.get_or_insert(class);
    }

    let extra = class(&store, here, "one too many").await;
    let member = Member {
        person,
        part: Part::Student,
    };
    let refused = store.enrol(&proof(extra.clone()), member, NOW).await;
    assert!(
        matches!(refused, Err(Error::Refused(Refusal::TooManyClasses))),
        "{refused:?}"
    );
    assert_eq!(part(&store, &extra, person).await, None);
    let mine = store.classes_of(&proof(person)).await.unwrap();
    assert_eq!(mine.len(), Standing::MAX_CLASSES as usize);
    // A change of part is no new class.
    enrol(&store, &first.unwrap(), person, Part::Teacher).await;
}
