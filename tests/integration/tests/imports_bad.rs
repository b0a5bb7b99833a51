//! Rosters that are wrong: each is told by file, line and column, and changes nothing.

use preau_harness::{Failure, PlatformBuilder, Roster, RosterFiles};
use preau_proto::roster::v1::{
    ApplyImportRequest, BeginImportRequest, Import, ImportState, PutImportPartRequest,
    ValidateImportRequest,
};
use tonic::Code;

use crate::importing::{self, Place, UAI};

fn good() -> Roster {
    let mut roster = Roster::new(UAI, "mauvais");
    roster.pupil("ana").pupil("bob").teacher("monge");
    roster.class("C1", "2de A", &["monge"], &["ana", "bob"]);
    roster
}

/// A spoilt roster, and where its first problem is: file, line, column, value, reason.
struct Case {
    what: &'static str,
    zip: Vec<u8>,
    place: (&'static str, u32, &'static str, &'static str),
    reason: &'static str,
}

fn case(
    what: &'static str,
    files: RosterFiles,
    place: (&'static str, u32, &'static str, &'static str),
    reason: &'static str,
) -> Case {
    Case {
        what,
        zip: files.zip(),
        place,
        reason,
    }
}

/// The rows of `users.csv`: its header is line 1, people follow by name.
fn cases() -> Vec<Case> {
    let files = || good().files();
    let users = |old: &str, new: &str| files().replace("users.csv", old, new);
    let mut cases = vec![
        case(
            "a missing column",
            users("middleName,", ""),
            ("users.csv", 1, "middleName", ""),
            "MISSING_COLUMN",
        ),
        case(
            "columns in another order",
            users("givenName,familyName", "familyName,givenName"),
            ("users.csv", 1, "familyName", "familyName"),
            "COLUMN_ORDER",
        ),
        case(
            "an unknown enumeration",
            files().replace(
                "roles.csv",
                "mauvais-ana,primary,student",
                "mauvais-ana,primary,pupil",
            ),
            ("roles.csv", 2, "role", "pupil"),
            "UNKNOWN_ENUMERATION",
        ),
        case(
            "a duplicate id",
            users("mauvais-bob,,,true,bob.", "mauvais-ana,,,true,bob."),
            ("users.csv", 3, "sourcedId", "mauvais-ana"),
            "DUPLICATE_ID",
        ),
        case(
            "another school",
            files().replace("orgs.csv", UAI, "0870003F"),
            ("orgs.csv", 2, "identifier", "0870003F"),
            "UNKNOWN_SCHOOL",
        ),
        case(
            "an invalid UAI",
            files().replace("orgs.csv", UAI, "0951099E"),
            ("orgs.csv", 2, "identifier", "0951099E"),
            "INVALID_UAI",
        ),
        case(
            "a newline in a field",
            users("Prénom ana", "\"Prénom\nana\""),
            ("users.csv", 2, "givenName", "Prénom"),
            "NEWLINE_IN_FIELD",
        ),
        case(
            "a formula in a name",
            users("Prénom ana", "=1+1"),
            ("users.csv", 2, "givenName", "=1+1"),
            "FORMULA",
        ),
        case(
            "somebody who is nowhere",
            files().replace("enrollments.csv", "ecole,mauvais-bob", "ecole,mauvais-zoe"),
            ("enrollments.csv", 4, "userSourcedId", "mauvais-zoe"),
            "UNKNOWN_REFERENCE",
        ),
        case(
            "no manifest",
            files().without("manifest.csv"),
            ("manifest.csv", 0, "", ""),
            "MANIFEST_MISSING",
        ),
    ];
    cases.push(latin1());
    cases.extend(broken_zips());
    cases
}

fn latin1() -> Case {
    let files = good().files();
    let text = String::from_utf8(files.bytes("users.csv").to_vec()).unwrap();
    // Every character of these rows is one of Latin-1's.
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    case(
        "Latin-1",
        files.with("users.csv", bytes),
        ("users.csv", 2, "givenName", "Pr\u{fffd}nom ana"),
        "INVALID_UTF8",
    )
}

fn broken_zips() -> [Case; 3] {
    let whole = good().zip();
    let cut = Case {
        what: "a cut zip",
        zip: whole[..whole.len() - 10].to_vec(),
        place: ("", 0, "", ""),
        reason: "ZIP_UNREADABLE",
    };
    let none = Case {
        what: "no zip at all",
        zip: b"sourcedId,status\n".to_vec(),
        place: ("", 0, "", ""),
        reason: "ZIP_UNREADABLE",
    };
    // 64 MiB of line ends: a thousandth of it on the way.
    let files = good().files().with("users.csv", vec![b'\n'; 64 << 20]);
    let bomb = case("a zip bomb", files, ("users.csv", 0, "", ""), "ZIP_BOMB");
    [cut, none, bomb]
}

#[tokio::test]
async fn a_wrong_roster_is_told_by_file_line_and_column_and_changes_nothing() -> anyhow::Result<()>
{
    let place = Place::on(PlatformBuilder::empty()?).await?;
    place.import(&good().zip()).await?;
    let before = place.state().await?;
    let (admin, school) = (&place.admin, &place.school.id);
    for case in cases() {
        let what = case.what;
        let import = importing::check(admin, school, &case.zip).await?;
        assert_told(&case, &import);
        let request = ApplyImportRequest {
            import_id: import.import_id,
            confirm_disabled: 0,
        };
        let refused = Failure::of(admin.imports().apply_import(request).await);
        assert_eq!(
            refused.code,
            Code::FailedPrecondition,
            "{what}: {refused:?}"
        );
        assert_eq!(place.state().await?, before, "{what} changed something");
    }
    // And the next one that is right is taken.
    place.import(&good().zip()).await?;
    assert_eq!(place.state().await?, before);
    Ok(())
}

fn assert_told(case: &Case, import: &Import) {
    let what = case.what;
    assert_eq!(import.state(), ImportState::Invalid, "{what}: {import:#?}");
    assert!(import.problem_count > 0, "{what}");
    let problem = &import.problems[0];
    let place = (
        problem.file.as_str(),
        problem.line,
        problem.column.as_str(),
        problem.value.as_str(),
    );
    assert_eq!(place, case.place, "{what}: {problem:#?}");
    assert_eq!(problem.reason, case.reason, "{what}: {problem:#?}");
    assert!(problem.message.contains(": "), "{what}: {problem:#?}");
}

#[tokio::test]
async fn a_byte_order_mark_and_windows_line_ends_are_no_mistakes() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let mut files = good().files();
    for name in ["users.csv", "roles.csv", "manifest.csv", "orgs.csv"] {
        let text = String::from_utf8(files.bytes(name).to_vec()).unwrap();
        let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        files = files.with(name, text);
    }
    let summary = place.import(&files.zip()).await?;
    assert_eq!(summary.people_new, 3, "{summary:?}");
    let people = importing::people(&place.admin, &place.school.id).await?;
    assert_eq!(people["ana.mauvais"].given_name, "Prénom ana");
    Ok(())
}

#[tokio::test]
async fn every_problem_is_told_not_only_the_first() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let files = good()
        .files()
        .replace("users.csv", "Prénom ana", "=1+1")
        .replace("users.csv", "Nom bob", "")
        .replace("orgs.csv", ",school,", ",lycee,");
    let import = importing::check(&place.admin, &place.school.id, &files.zip()).await?;
    let told = |file: &str, line, column: &str| {
        import.problems.iter().any(|problem| {
            (problem.file.as_str(), problem.line, problem.column.as_str()) == (file, line, column)
        })
    };
    for (file, line, column) in [
        ("users.csv", 2, "givenName"),
        ("users.csv", 3, "familyName"),
        ("orgs.csv", 2, "type"),
    ] {
        assert!(
            told(file, line, column),
            "{file}:{line}: {column}: {import:#?}"
        );
    }
    assert_eq!(import.problem_count as usize, import.problems.len());
    Ok(())
}

#[tokio::test]
async fn parts_that_do_not_fit_and_imports_that_are_not_whole_are_refused() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    let begin = async |size: u64| {
        let school_id = place.school.id.clone();
        let request = BeginImportRequest { school_id, size };
        place.admin.imports().begin_import(request).await
    };
    for size in [0, (64 << 20) + 1, u64::MAX] {
        let refused = Failure::of(begin(size).await);
        assert_eq!(refused.code, Code::InvalidArgument, "{size}: {refused:?}");
    }
    let import_id = begin(10).await?.into_inner().import.unwrap().import_id;
    for (index, data) in [
        (1, &b"0123456789"[..]),
        (0, b"short"),
        (0, b"01234567890"),
        (0, b""),
    ] {
        let request = PutImportPartRequest {
            import_id: import_id.clone(),
            index,
            data: data.to_vec().into(),
        };
        let refused = Failure::of(place.admin.imports().put_import_part(request).await);
        assert_eq!(refused.code, Code::InvalidArgument, "{index}: {refused:?}");
    }
    let request = ValidateImportRequest { import_id };
    let refused = Failure::of(place.admin.imports().validate_import(request).await);
    assert_eq!(refused.code, Code::FailedPrecondition, "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn a_login_that_somebody_elsewhere_has_is_told_in_its_row() -> anyhow::Result<()> {
    let place = Place::on(PlatformBuilder::empty()?).await?;
    // `root` is the platform's administrator: of no school.
    let files = good()
        .files()
        .replace("users.csv", "true,ana.mauvais,", "true,ROOT,");
    let import = importing::check(&place.admin, &place.school.id, &files.zip()).await?;
    assert_eq!(import.state(), ImportState::Invalid, "{import:#?}");
    let problem = &import.problems[0];
    assert_eq!(problem.reason, "LOGIN_TAKEN", "{problem:#?}");
    let place = (problem.file.as_str(), problem.line, problem.column.as_str());
    assert_eq!(place, ("users.csv", 2, "username"), "{problem:#?}");
    assert_eq!(problem.value, "ROOT");
    Ok(())
}
