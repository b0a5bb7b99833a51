//! What is pushed, and what pupils answer.

use preau_kernel::ids::{NodeId, PushId};
use preau_proto::classroom::v1::lesson_event::What;
use preau_proto::classroom::v1::push_request::What as Pushing;
use preau_proto::classroom::v1::{ReceiptState, pushed};
use tonic::Code;

use super::world::{World, fields, reason};

const LINK: &str = "https://fr.wikipedia.org/wiki/Pr%C3%A9au";

#[tokio::test]
async fn each_pupil_gives_a_receipt_that_never_goes_back() {
    let world = World::new().await;
    let (teacher, ada, ben) = (world.teacher(), world.pupil(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let id = PushId::new();
    let pushed = teacher.push_link(&lesson, id, LINK).await.unwrap();
    assert_eq!(pushed.what, Some(pushed::What::Link(LINK.into())));
    for state in [
        ReceiptState::Opened,
        ReceiptState::Received,
        ReceiptState::Opened,
    ] {
        ada.acknowledge(&lesson, id, state).await.unwrap();
    }
    for state in [ReceiptState::Received, ReceiptState::Received] {
        ben.acknowledge(&lesson, id, state).await.unwrap();
    }

    let receipts = teacher
        .get(&lesson)
        .await
        .unwrap()
        .pushed
        .remove(0)
        .receipts;
    let state = |pupil: &super::person::Person| {
        let id = pupil.id.to_string();
        let found = receipts.iter().find(|receipt| receipt.person_id == id);
        found.unwrap().state()
    };
    assert_eq!(
        (state(&ada), state(&ben)),
        (ReceiptState::Opened, ReceiptState::Received)
    );
    // One's own, and nobody else's.
    let own = ben.get(&lesson).await.unwrap().pushed.remove(0).receipts;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].person_id, ben.id.to_string());

    teacher.end(&lesson).await.unwrap();
    for (viewer, count) in [(&teacher, 2), (&ada, 1), (&ben, 1)] {
        let told = viewer.watch(&lesson, 0).await.unwrap().rest().await;
        let receipts = told.iter().filter(|what| matches!(what, What::Receipt(_)));
        assert_eq!(receipts.count(), count);
    }
}

#[tokio::test]
async fn sent_again_nothing_is_pushed_twice() {
    let world = World::new().await;
    let teacher = world.teacher();
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let (id, node) = (PushId::new(), NodeId::new());
    let first = teacher
        .push(&lesson, id, Pushing::NodeId(node.to_string()))
        .await;
    let again = teacher
        .push(&lesson, id, Pushing::NodeId(node.to_string()))
        .await;
    assert_eq!(first.unwrap(), again.unwrap());
    let other = teacher.push_link(&lesson, id, LINK).await;
    assert_eq!(reason(other), "PUSH_ID_TAKEN");
    assert_eq!(teacher.get(&lesson).await.unwrap().pushed.len(), 1);
}

#[tokio::test]
async fn only_the_web_and_nodes_are_pushed_and_only_by_teachers() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    for link in [
        "javascript:alert(1)",
        "https://moi:secret@exemple.fr/",
        "data:text/html,x",
    ] {
        let refused = teacher.push_link(&lesson, PushId::new(), link).await;
        assert_eq!(fields(refused), ["link"], "{link}");
    }
    let nothing = teacher
        .push(&lesson, PushId::new(), Pushing::NodeId("x".into()))
        .await;
    assert_eq!(fields(nothing), ["node_id"]);
    let refused = pupil.push_link(&lesson, PushId::new(), LINK).await;
    assert_eq!(reason(refused), "ROLE_NOT_ALLOWED");
    assert_eq!(teacher.get(&lesson).await.unwrap().pushed, []);
}

#[tokio::test]
async fn an_unknown_push_is_acknowledged_by_nobody() {
    let world = World::new().await;
    let (teacher, pupil) = (world.teacher(), world.pupil());
    let lesson = teacher.start(world.class.id).await.unwrap().lesson_id;
    let unknown = pupil
        .acknowledge(&lesson, PushId::new(), ReceiptState::Received)
        .await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    let id = PushId::new();
    teacher.push_link(&lesson, id, LINK).await.unwrap();
    let unsaid = pupil
        .acknowledge(&lesson, id, ReceiptState::Unspecified)
        .await;
    assert_eq!(fields(unsaid), ["state"]);
    let teachers = teacher.acknowledge(&lesson, id, ReceiptState::Opened).await;
    assert_eq!(reason(teachers), "ROLE_NOT_ALLOWED");
    assert_eq!(teacher.get(&lesson).await.unwrap().pushed[0].receipts, []);
}
