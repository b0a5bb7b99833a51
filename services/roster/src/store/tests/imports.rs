//! Imports, on both databases.

mod taken_back;

use preau_kernel::access::{Authorized, Part};
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ClassId, ImportId, PersonId};
use preau_kernel::names::Name;
use preau_storage_database::{Db, testing};

use super::{MIGRATIONS, NOW, Store, class, enrol, part, proof, school};
use crate::domain::oneroster::{Place, Problem, Problems, Reason};
use crate::domain::{
    Import, ImportRefusal, ImportState, Member, PART_SIZE, PlannedClass, PlannedPerson, School,
    SourcedPerson, Summary,
};
use crate::error::Error;
use crate::store::{Plan, Planned};

const DAY: i64 = 24 * 3600 * 1_000_000;

async fn begun(store: &Store, school: School, size: u64, now: Timestamp) -> Authorized<Import> {
    let import = Import {
        id: ImportId::new(),
        school,
        state: ImportState::Uploading,
        size,
        created_by: PersonId::new(),
        created_at: now,
        applied_at: None,
        summary: None,
        problem_count: 0,
        problems: Vec::new(),
        replaced: None,
    };
    store.begin_import(&proof(school), &import).await.unwrap();
    proof(import)
}

async fn stored(store: &Store, import: &Authorized<Import>) -> Import {
    store.import(import.get().id).await.unwrap().unwrap()
}

/// A class with its main teacher and pupils, who are known by their numbers.
fn plan(classes: &[(&str, &str)], pupils: usize) -> Plan {
    let people: Vec<_> = (0..classes.len() + pupils)
        .map(|number| PlannedPerson {
            who: SourcedPerson {
                sourced_id: format!("p{number}").into(),
                person: PersonId::new(),
                enabled: true,
            },
            line: number as u32 + 2,
            login: format!("login{number}").into(),
        })
        .collect();
    let planned = classes
        .iter()
        .zip(&people)
        .map(|((sourced_id, name), teacher)| PlannedClass {
            sourced_id: (*sourced_id).into(),
            id: ClassId::new(),
            name: Name::parse(name).unwrap(),
            main_teacher: teacher.who.person,
        });
    let teachers = people.iter().take(classes.len()).enumerate();
    let pupils = people
        .iter()
        .skip(classes.len())
        .map(|person| (0, person, Part::Student));
    let members = teachers
        .map(|(class, person)| (class, person, Part::Teacher))
        .chain(pupils)
        .map(|(class, person, part)| {
            (
                class,
                Member {
                    person: person.who.person,
                    part,
                },
            )
        })
        .collect();
    Plan {
        classes: planned.collect(),
        members,
        people,
    }
}

fn who(plan: &Plan) -> Vec<SourcedPerson> {
    plan.people.iter().map(|one| one.who.clone()).collect()
}

async fn ready(store: &Store, import: &Authorized<Import>, plan: &Plan) -> Summary {
    let generation = store.start_validation(import).await.unwrap();
    store.remember_people(import, &who(plan)).await.unwrap();
    let planned = store
        .save_plan(import, generation, plan, Summary::default())
        .await
        .unwrap();
    assert!(matches!(planned, Planned::Ready));
    stored(store, import).await.summary.unwrap()
}

async fn apply(store: &Store, school: School, plan: &Plan) -> Summary {
    let import = begun(store, school, 1, NOW).await;
    let summary = ready(store, &import, plan).await;
    store.decide(&import).await.unwrap();
    store.finish(import.get(), NOW).await.unwrap();
    summary
}

fn problem() -> Problem {
    let mut problems = Problems::default();
    let place = Place::file("users.csv").line(7).column("givenName", "=1");
    problems.add(place, Reason::Formula, "a formula: write a name");
    problems.sorted().remove(0)
}

#[tokio::test]
async fn parts_are_kept_and_put_together() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let size = u64::from(PART_SIZE) + 3;
        let import = begun(&store, school(), size, NOW).await;
        assert_eq!(stored(&store, &import).await, *import.get());
        assert_eq!(store.put_part(&import, 1, b"abc").await.unwrap(), 1);
        assert_eq!(store.put_part(&import, 1, b"xyz").await.unwrap(), 1);
        assert_eq!(store.missing_parts(import.get()).await.unwrap(), [0]);
        let first = vec![7; PART_SIZE as usize];
        assert_eq!(store.put_part(&import, 0, &first).await.unwrap(), 0);
        let zip = store.zip(&import).await.unwrap();
        assert_eq!(
            (zip.len() as u64, &zip[zip.len() - 4..]),
            (size, &b"\x07xyz"[..])
        );
    })
    .await;
}

#[tokio::test]
async fn an_invalid_import_keeps_its_problems() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let import = begun(&store, school(), 1, NOW).await;
        let problems = vec![problem(); 300];
        store.save_problems(&import, &problems, 1234).await.unwrap();
        let found = stored(&store, &import).await;
        assert_eq!(
            (found.state, found.problem_count),
            (ImportState::Invalid, 1234)
        );
        assert_eq!(store.problems(&import).await.unwrap(), problems);
        let refused = store.put_part(&import, 0, b"x").await;
        assert!(
            matches!(refused, Err(Error::Import(ImportRefusal::Closed))),
            "{refused:?}"
        );
        let refused = store.decide(&import).await;
        assert!(
            matches!(refused, Err(Error::Import(ImportRefusal::NotReady))),
            "{refused:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_plan_is_written_whole_and_again_to_the_same() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let school = school();
        // More rows than one statement takes.
        let plan = plan(&[("c1", "2de A"), ("c2", "2de B")], 600);
        let summary = apply(&store, school, &plan).await;
        assert_eq!((summary.classes_new, summary.enrolments_added), (2, 602));
        let classes = store.classes_after(&proof(school), "", 10).await.unwrap();
        assert_eq!(classes.len(), 2);
        assert_eq!(classes[0].main_teacher, plan.people[0].who.person);
        let members = store
            .members_after(&proof(classes[0].clone()), "", 1000)
            .await
            .unwrap();
        assert_eq!(members.len(), 601);

        let summary = apply(&store, school, &plan).await;
        assert_eq!(
            (summary.classes_unchanged, summary.enrolments_unchanged),
            (2, 602)
        );
        assert_eq!(
            store.classes_after(&proof(school), "", 10).await.unwrap(),
            classes
        );
        let import = begun(&store, school, 1, NOW).await;
        assert_eq!(store.sourced_people(&import).await.unwrap().len(), 602);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_longer_named_goes_and_what_is_by_hand_stays() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let (here, elsewhere) = (school(), school());
        let first = plan(&[("c1", "2de A"), ("c2", "2de B")], 2);
        apply(&store, here, &first).await;
        let other = plan(&[("c1", "2de A")], 1);
        apply(&store, elsewhere, &other).await;
        let classes = store.classes_after(&proof(here), "", 10).await.unwrap();
        let by_hand = class(&store, here, "Chorale").await;
        let helper = PersonId::new();
        enrol(&store, &classes[0], helper, Part::Student).await;

        let mut second = plan(&[("c1", "2de A bis")], 1);
        second.people[1] = first.people[2].clone();
        second.members[1].1.person = first.people[2].who.person;
        let summary = apply(&store, here, &second).await;
        assert_eq!((summary.classes_changed, summary.classes_emptied), (1, 0));
        assert_eq!(
            (summary.enrolments_removed, summary.enrolments_unchanged),
            (2, 1)
        );
        let now = store
            .standing(classes[0].id, helper)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (now.class.name.as_str(), now.part),
            ("2de A bis", Some(Part::Student))
        );
        assert_eq!(
            part(&store, &classes[0], first.people[2].who.person).await,
            Some(Part::Student)
        );
        assert_eq!(
            part(&store, &classes[0], first.people[3].who.person).await,
            None
        );
        assert_eq!(
            part(&store, &classes[0], first.people[0].who.person).await,
            None
        );
        // The teacher of the class that went.
        assert_eq!(
            part(&store, &classes[1], first.people[1].who.person).await,
            Some(Part::Teacher)
        );
        assert_eq!(
            part(&store, &by_hand, by_hand.main_teacher).await,
            Some(Part::Teacher)
        );
        let untouched = store
            .classes_after(&proof(elsewhere), "", 10)
            .await
            .unwrap();
        let members = store
            .members_after(&proof(untouched[0].clone()), "", 10)
            .await
            .unwrap();
        assert_eq!(members.len(), 2);

        let import = begun(&store, here, 1, NOW).await;
        let sources = store.sourced_people(&import).await.unwrap();
        let enabled = sources.iter().filter(|source| source.enabled).count();
        assert_eq!(
            enabled, 2,
            "who is absent is remembered, and not as enabled: {sources:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_name_taken_after_the_decision_does_not_stop_it() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let school = school();
        apply(&store, school, &plan(&[("c1", "2de A")], 0)).await;
        let import = begun(&store, school, 1, NOW).await;
        ready(
            &store,
            &import,
            &plan(&[("c1", "2de B"), ("c2", "2de A")], 0),
        )
        .await;
        store.decide(&import).await.unwrap();
        class(&store, school, "2DE B").await;
        store.finish(import.get(), NOW).await.unwrap();
        let classes = store.classes_after(&proof(school), "", 10).await.unwrap();
        let names: Vec<_> = classes.iter().map(|class| class.name.as_str()).collect();
        assert_eq!(names, ["2de A", "2DE B", "2de B (2)"]);
    })
    .await;
}

#[tokio::test]
async fn one_import_of_a_school_is_decided_at_a_time_and_on_what_it_was_compared_with() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let school = school();
        let first = begun(&store, school, 1, NOW).await;
        let generation = store.start_validation(&first).await.unwrap();
        ready(&store, &first, &plan(&[("c1", "2de A")], 0)).await;
        store.decide(&first).await.unwrap();
        assert_eq!(store.decided().await.unwrap().len(), 1);
        let second = begun(&store, school, 1, NOW).await;
        let refused = store.start_validation(&second).await;
        assert!(
            matches!(refused, Err(Error::Import(ImportRefusal::AnotherApplying))),
            "{refused:?}"
        );
        let refused = store
            .save_plan(&second, generation, &plan(&[], 0), Summary::default())
            .await
            .err();
        assert!(
            matches!(refused, Some(Error::Import(ImportRefusal::Outdated))),
            "{refused:?}"
        );

        store.finish(first.get(), NOW).await.unwrap();
        let applied = stored(&store, &first).await;
        assert_eq!(
            (applied.state, applied.applied_at),
            (ImportState::Applied, Some(NOW))
        );
        store
            .finish(first.get(), Timestamp(NOW.0 + 1))
            .await
            .unwrap();
        assert_eq!(stored(&store, &first).await, applied, "done once");
        store.take_back(first.get(), &[problem()], 1).await.unwrap();
        assert_eq!(stored(&store, &first).await, applied, "and not taken back");
        assert!(store.decided().await.unwrap().is_empty());
        store.start_validation(&second).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn zips_that_nobody_applies_are_dropped_after_a_day() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let (old, young) = (
            begun(&store, school(), 1, NOW).await,
            begun(&store, school(), 1, Timestamp(NOW.0 + DAY / 2)).await,
        );
        for import in [&old, &young] {
            store.put_part(import, 0, b"x").await.unwrap();
            ready(&store, import, &plan(&[("c1", "2de A")], 0)).await;
        }
        store
            .drop_stale_zips(Timestamp(NOW.0 + DAY + 1))
            .await
            .unwrap();
        assert_eq!(store.missing_parts(old.get()).await.unwrap(), [0]);
        assert_eq!(stored(&store, &old).await.state, ImportState::Uploading);
        assert!(store.missing_parts(young.get()).await.unwrap().is_empty());
        assert_eq!(stored(&store, &young).await.state, ImportState::Ready);
    })
    .await;
}

#[tokio::test]
async fn people_keep_the_ids_that_were_remembered_first() {
    testing::both(&MIGRATIONS, async |db: Db| {
        let store = Store::new(db);
        let import = begun(&store, school(), 1, NOW).await;
        let (first, second) = (plan(&[("c1", "2de A")], 0), plan(&[("c1", "2de A")], 0));
        let asked = store.remember_people(&import, &who(&first)).await.unwrap();
        assert_eq!(asked["p0"], first.people[0].who.person);
        // The directory knows the person by another id: the next validation asks for the first one all the same.
        ready(&store, &import, &second).await;
        let asked = store.remember_people(&import, &who(&second)).await.unwrap();
        assert_eq!(asked["p0"], first.people[0].who.person);
    })
    .await;
}
