//! Everybody has a space of their own, which nobody else sees.

use preau_kernel::ids::SpaceId;
use preau_proto::files::v1::SpaceKind;
use preau_proto::policy::v1::Role;

use super::person::{Person, seen};
use super::world::World;

#[tokio::test]
async fn everybody_has_one_space_of_their_own_before_those_of_their_classes() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let teacher = world.teacher(&class);
    let before = teacher.all_spaces().await;
    let kinds: Vec<_> = before.iter().map(|space| space.kind()).collect();
    assert_eq!(kinds, [SpaceKind::Personal, SpaceKind::Class]);
    assert_eq!(before[0].class_id, "");
    assert_eq!(teacher.all_spaces().await, before);

    for role in [Role::Student, Role::SchoolAdmin] {
        let person = Person::new(&world.pair, class.school, role);
        let (one, other) = futures::join!(person.all_spaces(), person.all_spaces());
        assert_eq!(one.len(), 1);
        assert_eq!(one, other);
    }
}

#[tokio::test]
async fn somebody_without_a_school_keeps_files_too() {
    let world = World::new().await;
    let operator = Person::operator(&world.pair);
    let space = operator.own_space().await;
    let folder = operator.create_folder(&space, "", "notes").await.unwrap();
    let node = operator.share(&space, &folder.node_id, "a", b"a").await;
    assert_eq!(operator.read(&space, &node.node_id).await.unwrap(), b"a");
}

#[tokio::test]
async fn a_personal_space_is_hidden_from_everybody_else_as_if_it_did_not_exist() {
    let world = World::new().await;
    let class = world.class("2nde B");
    let (pupil, teacher) = (world.pupil(&class), world.teacher(&class));
    let head = Person::new(&world.pair, class.school, Role::SchoolAdmin);
    let space = pupil.own_space().await;
    let node = pupil.share(&space, "", "a", b"a").await.node_id;
    let unknown = SpaceId::new().to_string();

    for other in [&teacher, &head, &Person::operator(&world.pair)] {
        assert_eq!(
            seen(other.page(&space, "", 0, "").await),
            seen(other.page(&unknown, "", 0, "").await),
        );
        assert_eq!(
            seen(other.read(&space, &node).await),
            seen(other.read(&unknown, &node).await),
        );
        assert_eq!(
            seen(other.trash_page(&space, 0, "").await),
            seen(other.trash_page(&unknown, 0, "").await),
        );
        assert_eq!(
            seen(other.link(&space, &node).await),
            seen(other.link(&unknown, &node).await),
        );
    }
    assert_eq!(pupil.names(&space, "").await, ["a"]);
}

#[tokio::test]
async fn who_may_moderate_is_told_with_the_space() {
    let world = World::new().await;
    let class = world.class("2nde B");
    for (person, expected) in [(world.teacher(&class), true), (world.pupil(&class), false)] {
        let spaces = person.all_spaces().await;
        assert!(spaces[0].may_moderate, "one's own");
        assert_eq!(spaces[1].may_moderate, expected);
    }
}
