//! A lesson on the running platform: a teacher, two pupils, and what goes wrong meanwhile.

mod seat;

use std::time::{Duration, Instant};

use preau_harness::{AccountRole, Failure, Person, Platform};
use preau_proto::classroom::v1::lesson_event::What;
use preau_proto::classroom::v1::{
    AcknowledgeRequest, HoldFocusRequest, Presence, PushRequest, ReceiptState, SetHandRequest,
    StartLessonRequest, push_request,
};
use preau_proto::identity::v1::{GetPeopleRequest, SignOutRequest};
use preau_proto::roster::v1::ListMyClassesRequest;
use tonic::Code;

use seat::{Seat, lessons};

/// A lesson that goes on, with everybody in it.
struct Story {
    platform: Platform,
    lesson_id: String,
    board: Seat,
    ada: Seat,
    ben: Seat,
}

impl Story {
    async fn begin() -> anyhow::Result<Self> {
        let platform = Platform::start().await?;
        let [class, ..] = platform.classes();
        let teacher = platform.teacher(&class).await?;
        let mut pupils = Vec::new();
        for account in platform
            .accounts_of(AccountRole::Student, Some(&class))
            .take(2)
        {
            let url = platform.gateway();
            pupils.push(Person::sign_in(url, &account.login, &account.password).await?);
        }
        let [ada, ben] = pupils.try_into().ok().unwrap();
        let class_id = class_id(&teacher, &class).await?;
        let started = lessons(&teacher)
            .start_lesson(StartLessonRequest { class_id })
            .await?;
        let lesson_id = started.into_inner().lesson.unwrap().lesson_id;
        let mut board = Seat::take(teacher, &lesson_id).await?;
        let ada = Seat::take(ada, &lesson_id).await?;
        let ben = Seat::take(ben, &lesson_id).await?;
        let everybody = [(&board, true), (&ada, false), (&ben, false)];
        let came = everybody
            .map(|(seat, is_teacher)| seat::presence(seat.person.id(), Presence::Here, is_teacher));
        for here in came {
            assert_eq!(board.event().await?, here);
        }
        Ok(Self {
            platform,
            lesson_id,
            board,
            ada,
            ben,
        })
    }

    async fn raise(&self, pupil: &Seat, raised: bool) -> anyhow::Result<()> {
        let request = SetHandRequest {
            lesson_id: self.lesson_id.clone(),
            raised,
            person_id: String::new(),
        };
        lessons(&pupil.person).set_hand(request).await?;
        Ok(())
    }

    async fn push(&self, push_id: &str) -> anyhow::Result<()> {
        let request = PushRequest {
            lesson_id: self.lesson_id.clone(),
            push_id: push_id.to_owned(),
            title: "Page 12".into(),
            what: Some(push_request::What::Link("https://exemple.fr/12".into())),
        };
        lessons(&self.board.person).push(request).await?;
        Ok(())
    }

    async fn acknowledge(
        &self,
        pupil: &Seat,
        push_id: &str,
        state: ReceiptState,
    ) -> anyhow::Result<()> {
        let request = AcknowledgeRequest {
            lesson_id: self.lesson_id.clone(),
            push_id: push_id.to_owned(),
            state: state.into(),
        };
        lessons(&pupil.person).acknowledge(request).await?;
        Ok(())
    }
}

async fn class_id(teacher: &Person, name: &str) -> anyhow::Result<String> {
    let answer = teacher
        .classes()
        .list_my_classes(ListMyClassesRequest {})
        .await?;
    let mut classes = answer
        .into_inner()
        .classes
        .into_iter()
        .filter_map(|mine| mine.class);
    Ok(classes.find(|class| class.name == name).unwrap().class_id)
}

#[tokio::test]
async fn a_lesson_goes_on_through_lost_connections_and_restarts() -> anyhow::Result<()> {
    let mut story = Story::begin().await?;
    let (first, second) = (
        "01890000-0000-7000-8000-000000000001",
        "01890000-0000-7000-8000-000000000002",
    );

    // Hands, in order; and what they are called, for the teacher alone.
    story.raise(&story.ben, true).await?;
    story.raise(&story.ada, true).await?;
    let (ada, ben) = (
        story.ada.person.id().to_owned(),
        story.ben.person.id().to_owned(),
    );
    assert_eq!(story.board.event().await?, seat::hand(&ben, true));
    assert_eq!(story.board.event().await?, seat::hand(&ada, true));
    assert_eq!(story.board.hands().await?, [ben.clone(), ada.clone()]);
    let school_id = story.board.state().await?.lesson.unwrap().school_id;
    let request = GetPeopleRequest {
        school_id,
        person_ids: vec![ada.clone(), ben.clone()],
    };
    let names = story
        .board
        .person
        .directory()
        .get_people(request.clone())
        .await?;
    assert_eq!(names.into_inner().people.len(), 2);
    let refused = story
        .ada
        .person
        .directory()
        .get_people(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);

    // Ada's connection is cut while something is pushed; she is back, has missed nothing, and was never away.
    story.ada.leave();
    story.push(first).await?;
    let url = story.platform.gateway().to_owned();
    let lost = Instant::now();
    story.ada.come_back(&url).await?;
    assert!(
        lost.elapsed() < Duration::from_secs(2),
        "{:?}",
        lost.elapsed()
    );
    for pupil in [&mut story.ada, &mut story.ben] {
        assert_eq!(pupil.pushed().await?, first);
    }
    story
        .acknowledge(&story.ada, first, ReceiptState::Received)
        .await?;
    story
        .acknowledge(&story.ada, first, ReceiptState::Opened)
        .await?;
    assert!(matches!(story.board.event().await?, What::Pushed(_)));
    for state in [ReceiptState::Received, ReceiptState::Opened] {
        assert_eq!(story.board.receipt().await?, (ada.clone(), state));
    }

    // Killed in the middle, between two things that happened: everybody goes on from their cursors.
    story.platform = story.platform.kill9().await?.start().await?;
    let url = story.platform.gateway().to_owned();
    for seat in [&mut story.board, &mut story.ada, &mut story.ben] {
        seat.leave();
        seat.come_back(&url).await?;
    }
    story.push(second).await?;
    for pupil in [&mut story.ada, &mut story.ben] {
        assert_eq!(pupil.pushed().await?, second);
    }
    assert!(matches!(story.board.event().await?, What::Pushed(_)));
    assert_eq!(story.board.hands().await?, [ben, ada]);
    let present = story.board.state().await?.participants;
    let here = present
        .iter()
        .filter(|one| one.presence() == Presence::Here);
    assert_eq!(here.count(), 3, "nobody who came back was ever offline");

    // A stop does not wait for Watches, which end without a fault.
    let Story {
        platform, mut ada, ..
    } = story;
    let stopping = Instant::now();
    let (end, _) = platform.terminate().await?;
    assert_eq!(end.code, Some(0));
    assert!(
        stopping.elapsed() < Duration::from_secs(8),
        "{:?}",
        stopping.elapsed()
    );
    assert!(ada.has_ended().await, "the stream ends by itself");
    Ok(())
}

#[tokio::test]
async fn a_focus_ends_by_itself_when_its_teachers_session_is_ended() -> anyhow::Result<()> {
    let mut story = Story::begin().await?;
    let request = HoldFocusRequest {
        lesson_id: story.lesson_id.clone(),
        message: "Au tableau".into(),
    };
    let teacher = story.board.person.clone();
    lessons(&teacher).hold_focus(request.clone()).await?;
    let focus = story.ada.focus().await?.unwrap();
    assert_eq!(focus.message, "Au tableau");

    teacher.sessions().sign_out(SignOutRequest {}).await?;
    let ended = Instant::now();
    let refused = lessons(&teacher).hold_focus(request).await.unwrap_err();
    assert_eq!(Failure::from(refused).code, Code::Unauthenticated);
    for pupil in [&mut story.ada, &mut story.ben] {
        // Ben is told of the beginning too.
        while pupil.focus().await?.is_some() {}
        assert_eq!(pupil.state().await?.focus, None);
    }
    assert!(
        ended.elapsed() < Duration::from_secs(25),
        "{:?}",
        ended.elapsed()
    );
    Ok(())
}

#[tokio::test]
async fn who_loses_the_connection_for_good_is_offline() -> anyhow::Result<()> {
    let mut story = Story::begin().await?;
    let ada = story.ada.person.id().to_owned();
    story.ada.leave();
    let offline = seat::presence(&ada, Presence::Offline, false);
    assert_eq!(story.board.event().await?, offline);
    let url = story.platform.gateway().to_owned();
    story.ada.come_back(&url).await?;
    let here = seat::presence(&ada, Presence::Here, false);
    assert_eq!(story.board.event().await?, here);
    // Ben heard nothing of it.
    let cursor = story.ben.cursor();
    assert!(cursor <= story.board.cursor());
    story.push("01890000-0000-7000-8000-000000000003").await?;
    assert!(story.ben.pushed().await?.ends_with('3'));
    Ok(())
}
