//! Lessons, hands, pushes and focuses.

use std::time::Duration;

use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{NodeId, PersonId, PushId};

use super::{NOW, at, both, class, on, pupil, start, told};
use crate::domain::{
    Focus, Given, Happening, Line, Link, MAX_PUSHES, Push, Receipt, Refusal, What,
};
use crate::error::Error;
use crate::store::Swept;

#[tokio::test]
async fn of_several_teachers_who_start_at_once_one_gives_the_lesson() {
    both(async |_, store| {
        let class = class();
        let class = super::proof(class.facts(), class);
        let tries = (0..6).map(|_| store.start(&class, PersonId::new(), NOW));
        let outcomes = futures::future::join_all(tries).await;
        let started: Vec<_> = outcomes
            .iter()
            .filter_map(|one| one.as_ref().ok())
            .collect();
        let [lesson] = started[..] else {
            panic!("{outcomes:?}")
        };
        for refused in outcomes.iter().filter_map(|one| one.as_ref().err()) {
            let running = Refusal::LessonRunning { lesson: lesson.id };
            assert!(matches!(refused, Error::Refused(found) if *found == running));
        }
        assert_eq!(
            store.lesson(lesson.id).await.unwrap().as_ref(),
            Some(lesson)
        );
        assert_eq!(
            store.open_lessons(lesson.school, NOW).await.unwrap(),
            std::slice::from_ref(lesson)
        );
        assert_eq!(
            store
                .open_lessons(lesson.school, lesson.ends)
                .await
                .unwrap(),
            []
        );
    })
    .await;
}

#[tokio::test]
async fn hands_raised_at_once_have_places_that_the_log_agrees_with() {
    both(async |db, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let proof = on(&lesson);
        let pupils: Vec<_> = (0..8).map(|_| pupil()).collect();
        let raising = pupils
            .iter()
            .map(|pupil| store.set_hand(&proof, *pupil, true, NOW));
        for raised in futures::future::join_all(raising).await {
            raised.unwrap();
        }
        let known = store.participants(&proof).await.unwrap();
        let mut by_place: Vec<_> = known
            .iter()
            .map(|(person, (_, hand))| (hand.unwrap(), *person))
            .collect();
        by_place.sort();
        let in_log = told(&db, &lesson).await.into_iter().map(|what| match what {
            Happening::Hand {
                member,
                raised: true,
            } => member.person,
            other => panic!("{other:?}"),
        });
        let in_log: Vec<_> = in_log.collect();
        assert_eq!(
            by_place
                .into_iter()
                .map(|(_, person)| person)
                .collect::<Vec<_>>(),
            in_log
        );
    })
    .await;
}

fn push(what: What) -> Push {
    Push {
        id: PushId::new(),
        what,
        title: Line::parse("Page 12").unwrap(),
        at: NOW,
    }
}

#[tokio::test]
async fn a_push_and_its_receipts_read_back() {
    both(async |db, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let proof = on(&lesson);
        let link = push(What::Link(Link::parse("https://exemple.fr/a?b#c").unwrap()));
        let node = push(What::Node(NodeId::new()));
        for wanted in [&link, &node, &link] {
            assert_eq!(store.push(&proof, wanted).await.unwrap(), *wanted);
        }
        let other = Push {
            title: Line::default(),
            ..link.clone()
        };
        let refused = store.push(&proof, &other).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::PushIdTaken)));

        let person = PersonId::new();
        let receipt = |given, at| Receipt { person, given, at };
        let opened = receipt(Given::Opened, at(2));
        for one in [
            receipt(Given::Received, at(1)),
            opened,
            receipt(Given::Received, at(3)),
        ] {
            store.acknowledge(&proof, link.id, one, NOW).await.unwrap();
        }
        let pushed = store.pushes(&proof).await.unwrap();
        let mut expected = [(link.clone(), vec![opened]), (node.clone(), vec![])];
        expected.sort_by_key(|(push, _)| push.id);
        assert_eq!(pushed, expected);
        let unknown = store.acknowledge(&proof, PushId::new(), opened, NOW).await;
        assert!(matches!(unknown, Err(Error::Failed(_))));
        assert_eq!(
            told(&db, &lesson).await,
            [
                Happening::Pushed(link.clone()),
                Happening::Pushed(node),
                Happening::Receipt(link.id, receipt(Given::Received, at(1))),
                Happening::Receipt(link.id, opened),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_lesson_takes_so_many_pushes_and_no_more() {
    both(async |_, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let proof = on(&lesson);
        for _ in 0..MAX_PUSHES {
            store
                .push(&proof, &push(What::Node(NodeId::new())))
                .await
                .unwrap();
        }
        let refused = store.push(&proof, &push(What::Node(NodeId::new()))).await;
        assert!(matches!(
            refused,
            Err(Error::Refused(Refusal::TooManyPushes))
        ));
    })
    .await;
}

#[tokio::test]
async fn two_teachers_who_ask_at_once_share_no_focus_and_its_end_is_told_once() {
    both(async |db, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let proof = on(&lesson);
        let line = Line::default();
        let tries = (0..4).map(|_| store.hold_focus(&proof, PersonId::new(), &line, NOW));
        let outcomes = futures::future::join_all(tries).await;
        let held: Vec<Focus> = outcomes.into_iter().filter_map(Result::ok).collect();
        assert_eq!(held.len(), 1);

        let sweeps = (0..3).map(|_| store.sweep(at(15)));
        let swept = futures::future::join_all(sweeps)
            .await
            .into_iter()
            .map(Result::unwrap);
        assert_eq!(swept.map(|swept| swept.focuses).sum::<u64>(), 1);
        let expected = [
            Happening::Focus(held.first().cloned()),
            Happening::Focus(None),
        ];
        assert_eq!(told(&db, &lesson).await, expected);
        assert_eq!(store.lesson(lesson.id).await.unwrap().unwrap().focus, None);
    })
    .await;
}

#[tokio::test]
async fn a_lesson_ends_once_with_its_focus_and_is_forgotten_with_everything() {
    both(async |db, store| {
        let lesson = start(&store, &class(), PersonId::new(), NOW).await;
        let proof = on(&lesson);
        let node = push(What::Node(NodeId::new()));
        store.push(&proof, &node).await.unwrap();
        let given = Receipt {
            person: PersonId::new(),
            given: Given::Opened,
            at: NOW,
        };
        store
            .acknowledge(&proof, node.id, given, NOW)
            .await
            .unwrap();
        store.set_hand(&proof, pupil(), true, NOW).await.unwrap();
        let late = Timestamp(lesson.ends.0 - 1);
        store
            .hold_focus(&proof, lesson.teacher, &Line::default(), late)
            .await
            .unwrap();

        assert_eq!(
            store.sweep(lesson.ends).await.unwrap(),
            Swept {
                lessons: 1,
                ..Swept::default()
            }
        );
        store.end(&proof, lesson.ends).await.unwrap();
        let told = told(&db, &lesson).await;
        assert_eq!(
            told[told.len() - 2..],
            [Happening::Focus(None), Happening::Ended]
        );
        let over = store.set_hand(&proof, pupil(), true, lesson.ends).await;
        assert!(matches!(over, Err(Error::Refused(Refusal::LessonOver))));

        let month = Duration::from_secs(30 * 24 * 3600);
        assert_eq!(store.purge(lesson.ends).await.unwrap(), 0);
        assert_eq!(store.purge(lesson.ends.plus(month)).await.unwrap(), 1);
        assert_eq!(store.lesson(lesson.id).await.unwrap(), None);
    })
    .await;
}
