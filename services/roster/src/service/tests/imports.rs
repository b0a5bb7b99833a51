//! A school from a file: sent, validated, applied.

use preau_kernel::ids::{ImportId, PersonId};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::{self as wire, ImportState};
use tonic::Code;

use super::importer::class;
use super::world::{World, fields, reason, seen};
use crate::domain::oneroster::tests::fixture::Files;

#[tokio::test]
async fn a_school_comes_from_a_file() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    // Whenever this runs, one of them administers the school too.
    let files = Files::small().replace("roles.csv", "2026-09-01,2027-07-03", ",");
    let import = admin.validated(school, &files).await;
    assert_eq!(import.state(), ImportState::Ready);
    let expected = wire::ImportSummary {
        people_new: 4,
        administrators_new: 1,
        people_without_role: 1,
        classes_new: 2,
        enrolments_added: 5,
        ..wire::ImportSummary::default()
    };
    assert_eq!(import.summary, Some(expected));
    assert_eq!(
        world.members(&admin, school).await,
        [],
        "validating changes nothing"
    );
    assert_eq!(world.registry.who("t.un"), None);

    let applied = admin.apply(&import.import_id, 0).await.unwrap();
    assert_eq!(applied.state(), ImportState::Applied);
    assert_eq!(applied.summary, Some(expected));
    assert!(applied.applied_at.is_some());
    assert_eq!(
        world.members(&admin, school).await,
        [
            class("2de A", &["t.un", "t.deux"], &["p.trois"]),
            class("2de B", &["t.deux"], &["p.quatre"]),
        ]
    );
    let classes = admin.classes(school, 0, "").await.unwrap().classes;
    let (main, _) = world.registry.who("t.un").unwrap();
    assert_eq!(classes[0].main_teacher_id, main);
    assert!(
        !world.registry.who("p.quatre").unwrap().1,
        "not enabled in the file"
    );

    // Again is the same answer; anything else comes too late.
    assert_eq!(admin.apply(&import.import_id, 0).await.unwrap(), applied);
    assert_eq!(
        reason(admin.validate(&import.import_id).await),
        "IMPORT_DECIDED"
    );
    assert_eq!(admin.get_import(&import.import_id).await.unwrap(), applied);
}

#[tokio::test]
async fn every_problem_is_told_and_nothing_changes() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let files = Files::small()
        .replace("users.csv", ",Paul,", ",=Paul,")
        .replace("enrollments.csv", "u3,student", "u9,student");
    let import = admin.validated(school, &files).await;
    assert_eq!(import.state(), ImportState::Invalid);
    assert_eq!((import.problem_count, import.summary), (2, None));
    let places: Vec<_> = import
        .problems
        .iter()
        .map(|problem| {
            (
                &*problem.file,
                problem.line,
                &*problem.column,
                &*problem.value,
                &*problem.reason,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("users.csv", 4, "givenName", "=Paul", "FORMULA"),
            (
                "enrollments.csv",
                5,
                "userSourcedId",
                "u9",
                "UNKNOWN_REFERENCE"
            ),
        ]
    );
    assert_eq!(admin.get_import(&import.import_id).await.unwrap(), import);
    assert_eq!(
        reason(admin.apply(&import.import_id, 0).await),
        "IMPORT_NOT_READY"
    );
    assert_eq!(
        world.registry.state().stagings,
        0,
        "the directory heard nothing"
    );
    assert_eq!(world.members(&admin, school).await, []);
}

#[tokio::test]
async fn what_the_directory_refuses_is_told_where_the_file_has_it() {
    let world = World::new().await;
    let (school, other) = (world.school(), world.school());
    let admin = world.person(Role::SchoolAdmin, school);
    let foreign = world.person(Role::SchoolAdmin, other);
    foreign.applied(other, &Files::small()).await;
    let renamed = Files::small()
        .replace("users.csv", "t.un", "t.un2")
        .replace("users.csv", "t.deux", "t.deux2")
        .replace("users.csv", "p.quatre", "p.quatre2");
    let import = admin.validated(school, &renamed).await;
    assert_eq!(import.state(), ImportState::Invalid);
    let problem = &import.problems[0];
    assert_eq!(
        (
            &*problem.file,
            problem.line,
            &*problem.column,
            &*problem.value,
            &*problem.reason
        ),
        ("users.csv", 4, "username", "p.trois", "LOGIN_TAKEN")
    );
    assert_eq!(import.problem_count, 1);

    // The same zip, once the reason is gone.
    world.registry.forget("p.trois");
    let import = admin.validate(&import.import_id).await.unwrap();
    assert_eq!(
        (import.state(), import.problem_count),
        (ImportState::Ready, 0)
    );
    admin.apply(&import.import_id, 0).await.unwrap();
}

#[tokio::test]
async fn a_zip_comes_in_parts_in_any_order_as_often_as_needed() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    // Bytes that do not compress: the zip has more than one part.
    let mut noise = 1_u64;
    let padding: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (noise >> 56) as u8
    })
    .take(2_500_000)
    .collect();
    let zip = Files::small()
        .replace("manifest.csv", "file.results,absent", "file.results,bulk")
        .with("results.csv", padding)
        .zip();
    let import = admin.begin(school, zip.len() as u64).await.unwrap();
    assert_eq!((import.part_size, import.part_count), (1024 * 1024, 3));
    let id = &import.import_id;
    let parts: Vec<&[u8]> = zip.chunks(1024 * 1024).collect();
    assert_eq!(admin.put(id, 2, parts[2]).await.unwrap(), 2);
    assert_eq!(reason(admin.validate(id).await), "IMPORT_PARTS_MISSING");
    assert_eq!(admin.put(id, 0, &vec![0; 1024 * 1024]).await.unwrap(), 1);
    assert_eq!(admin.put(id, 0, parts[0]).await.unwrap(), 1);
    assert_eq!(fields(admin.put(id, 1, &parts[1][1..]).await), ["data"]);
    assert_eq!(fields(admin.put(id, 3, &[]).await), ["index"]);
    assert_eq!(admin.put(id, 1, parts[1]).await.unwrap(), 0);
    assert_eq!(
        admin.validate(id).await.unwrap().state(),
        ImportState::Ready
    );
    assert_eq!(reason(admin.put(id, 1, parts[1]).await), "IMPORT_CLOSED");
}

#[tokio::test]
async fn a_zip_has_a_size() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    for size in [0, 64 * 1024 * 1024 + 1, u64::MAX] {
        assert_eq!(fields(admin.begin(school, size).await), ["size"], "{size}");
    }
    assert_eq!(admin.imports(school, 0, "").await.unwrap().imports, []);
}

#[tokio::test]
async fn an_import_is_hidden_from_who_does_not_administer_the_school_as_if_it_did_not_exist() {
    let world = World::new().await;
    let (school, other) = (world.school(), world.school());
    let admin = world.person(Role::SchoolAdmin, school);
    let import = admin.validated(school, &Files::small()).await.import_id;
    let unknown = ImportId::new().to_string();
    for role in [Role::SchoolAdmin, Role::AuthorityAdmin] {
        let outsider = world.person(role, other);
        assert_eq!(
            seen(outsider.get_import(&import).await),
            seen(outsider.get_import(&unknown).await)
        );
        assert_eq!(
            seen(outsider.validate(&import).await),
            seen(outsider.validate(&unknown).await)
        );
        assert_eq!(
            seen(outsider.apply(&import, 0).await),
            seen(outsider.apply(&unknown, 0).await)
        );
        assert_eq!(
            seen(outsider.put(&import, 0, &[1]).await),
            seen(outsider.put(&unknown, 0, &[1]).await)
        );
        assert_eq!(
            outsider.begin(school, 1).await.unwrap_err().code(),
            Code::NotFound
        );
        assert_eq!(
            outsider.imports(school, 0, "").await.unwrap_err().code(),
            Code::NotFound
        );
    }
    let teacher = world.person(Role::Teacher, school);
    assert_eq!(
        teacher.get_import(&import).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    for role in [Role::AuthorityAdmin, Role::PlatformAdmin] {
        let above = world.person(role, school);
        assert_eq!(above.get_import(&import).await.unwrap().import_id, import);
    }
}

#[tokio::test]
async fn nobody_sends_or_validates_what_somebody_else_began_but_any_administrator_applies_it() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let zip = Files::small().zip();
    let begun = admin.begin(school, zip.len() as u64).await.unwrap();
    let import = begun.import_id;
    admin.put(&import, 0, &zip).await.unwrap();
    let colleague = world.person(Role::SchoolAdmin, school);
    for other in [&colleague, &world.person(Role::PlatformAdmin, school)] {
        let put = other.put(&import, 0, &vec![0; zip.len()]).await;
        assert_eq!(reason(put), "IMPORT_OF_ANOTHER");
        assert_eq!(reason(other.validate(&import).await), "IMPORT_OF_ANOTHER");
    }
    let ready = admin.validate(&import).await.unwrap();
    assert_eq!(ready.state(), ImportState::Ready, "the zip is untouched");
    let applied = colleague.apply(&import, 0).await.unwrap();
    assert_eq!(applied.state(), ImportState::Applied);
}

#[tokio::test]
async fn the_imports_of_a_school_page_backwards() {
    let world = World::new().await;
    let school = world.school();
    let admin = world.person(Role::SchoolAdmin, school);
    let mut expected = Vec::new();
    for size in 1..=5 {
        expected.insert(0, admin.begin(school, size).await.unwrap().import_id);
    }
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let page = admin.imports(school, 2, &token).await.unwrap();
        found.extend(page.imports.into_iter().map(|import| import.import_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found, expected);
    assert_eq!(fields(admin.imports(school, 2, "?").await), ["page_token"]);
    let nobody = PersonId::new().to_string();
    assert_eq!(fields(admin.get_import("x").await), ["import_id"]);
    assert_eq!(
        admin.get_import(&nobody).await.unwrap_err().code(),
        Code::NotFound
    );
}
