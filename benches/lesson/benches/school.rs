//! A school whose pupils are signed in, each over a connection of their own, and who is in which class.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context as _, ensure};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use preau_harness::{Bearer, Person, Platform, PlatformBuilder, Roster, connect, preau};
use preau_proto::classroom::v1::lesson_service_client::LessonServiceClient;
use preau_proto::identity::v1::{
    CreateAuthorityRequest, CreateSchoolRequest, FirstUseCode, IssueFirstUseCodesRequest,
    ListPeopleRequest,
};
use preau_proto::roster::v1::{
    ApplyImportRequest, BeginImportRequest, ImportState, ListMyClassesRequest,
    PutImportPartRequest, ValidateImportRequest,
};

use crate::room::{Class, Client};

/// Of a lesson.
pub(crate) const PUPILS: usize = 35;
/// Groups of pupils that have all their classes together, with a teacher of their own.
const GROUPS: usize = 16;
/// Of a group: so many lessons may each of its pupils follow at once, for want of as many pupils.
const CLASSES: usize = 32;
/// First sign-ins at the same time; each costs a hash that is slow on purpose.
const SIGNING_IN: usize = 8;
/// People in one answer or question of the directory.
const PAGE: u32 = 200;
const UAI: &str = "0951099D";
const LOGIN: &str = "banc";
const PASSWORD: &str = "un banc sous le marronnier";

/// An empty platform with one administrator, on a disk.
pub(crate) async fn start() -> anyhow::Result<Platform> {
    let builder = PlatformBuilder::empty()?;
    let secret = builder.root().join("password");
    fs::write(&secret, PASSWORD)?;
    let (secret, data) = (secret.to_str(), builder.data_dir());
    let mut args = vec!["admin", "create", "--login", LOGIN];
    args.extend(["--given-name", "Ada", "--family-name", "Banc"]);
    args.extend(["--data-dir", data.to_str().context("a UTF-8 path")?]);
    args.extend(["--password-file", secret.context("a UTF-8 path")?]);
    let made = preau(args, &[]).await?;
    ensure!(made.code == Some(0), "no administrator: {made:#?}");
    builder.start().await
}

/// The school's classes, of one group after the other.
pub(crate) async fn found(platform: &Platform) -> anyhow::Result<Vec<Class>> {
    let url = platform.gateway();
    let admin = Person::sign_in(url, LOGIN, PASSWORD).await?;
    let school = found_school(&admin).await?;
    let roster = roster();
    import(&admin, &school, &roster.zip()).await?;
    let codes = codes(&admin, &school).await?;
    let people: HashMap<String, Person> = stream::iter(codes)
        .map(|FirstUseCode { login, code, .. }| async move {
            let person = Person::activate(url, &login, &code, PASSWORD).await??;
            anyhow::Ok((login, person))
        })
        .buffer_unordered(SIGNING_IN)
        .try_collect()
        .await?;
    let client = |name: &str| -> anyhow::Result<Client> {
        let person = people.get(&roster.login(name)).context("somebody")?;
        Ok(LessonServiceClient::new(person.caller()))
    };
    let mut groups = Vec::new();
    for group in 0..GROUPS {
        let teacher = people.get(&roster.login(&teacher_name(group)));
        let mut classes = teacher.context("a teacher")?.classes();
        let mine = classes.list_my_classes(ListMyClassesRequest {}).await?;
        let pupils = pupils(group).map(|name| client(&name));
        let pupils = pupils.collect::<anyhow::Result<Vec<_>>>()?;
        let ids = mine.into_inner().classes.into_iter();
        let ids = ids.filter_map(|mine| Some(mine.class?.class_id));
        groups.push(group_of(&client(&teacher_name(group))?, &pupils, ids));
    }
    Ok(in_turn(groups))
}

/// The same connections to a server that knows nobody.
pub(crate) async fn strangers(url: &str) -> anyhow::Result<Vec<Class>> {
    let client = async || -> anyhow::Result<Client> {
        let channel = connect(url).await?;
        Ok(LessonServiceClient::with_interceptor(
            channel,
            Bearer::anonymous(),
        ))
    };
    let mut groups = Vec::new();
    for group in 0..GROUPS {
        let mut pupils = Vec::new();
        for _ in 0..PUPILS {
            pupils.push(client().await?);
        }
        let ids = (0..CLASSES).map(|class| class_id(group, class));
        groups.push(group_of(&client().await?, &pupils, ids));
    }
    Ok(in_turn(groups))
}

fn group_of(teacher: &Client, pupils: &[Client], ids: impl Iterator<Item = String>) -> Vec<Class> {
    ids.map(|id| Class {
        id,
        teacher: teacher.clone(),
        pupils: pupils.to_vec(),
    })
    .collect()
}

/// One class of each group, then another, so that few lessons are of many people.
fn in_turn(groups: Vec<Vec<Class>>) -> Vec<Class> {
    (0..CLASSES)
        .flat_map(|at| {
            groups
                .iter()
                .filter_map(move |group| group.get(at).cloned())
        })
        .collect()
}

fn teacher_name(group: usize) -> String {
    format!("prof{group}")
}

fn pupils(group: usize) -> impl Iterator<Item = String> {
    (0..PUPILS).map(move |pupil| format!("eleve{group}x{pupil}"))
}

fn class_id(group: usize, class: usize) -> String {
    format!("C{group}x{class}")
}

fn roster() -> Roster {
    let mut roster = Roster::new(UAI, "banc");
    for group in 0..GROUPS {
        let (teacher, pupils) = (teacher_name(group), pupils(group).collect::<Vec<_>>());
        roster.teacher(&teacher);
        for pupil in &pupils {
            roster.pupil(pupil);
        }
        let pupils: Vec<&str> = pupils.iter().map(String::as_str).collect();
        for class in 0..CLASSES {
            let id = class_id(group, class);
            roster.class(&id, &id, &[&teacher], &pupils);
        }
    }
    roster
}

async fn found_school(admin: &Person) -> anyhow::Result<String> {
    let mut directory = admin.directory();
    let request = CreateAuthorityRequest {
        name: "Région".into(),
    };
    let authority = directory.create_authority(request).await?.into_inner();
    let request = CreateSchoolRequest {
        authority_id: authority.authority.context("an authority")?.authority_id,
        uai: UAI.to_owned(),
        name: "Cité scolaire".into(),
    };
    let school = directory.create_school(request).await?.into_inner();
    Ok(school.school.context("a school")?.school_id)
}

async fn import(admin: &Person, school: &str, zip: &[u8]) -> anyhow::Result<()> {
    let mut imports = admin.imports();
    let request = BeginImportRequest {
        school_id: school.to_owned(),
        size: zip.len() as u64,
    };
    let begun = imports.begin_import(request).await?.into_inner().import;
    let begun = begun.context("an import")?;
    for (index, part) in (0..).zip(zip.chunks(usize::try_from(begun.part_size)?.max(1))) {
        let request = PutImportPartRequest {
            import_id: begun.import_id.clone(),
            index,
            data: part.to_vec().into(),
        };
        imports.put_import_part(request).await?;
    }
    let request = ValidateImportRequest {
        import_id: begun.import_id.clone(),
    };
    imports.validate_import(request).await?;
    let request = ApplyImportRequest {
        import_id: begun.import_id,
        confirm_disabled: 0,
    };
    let applied = imports.apply_import(request).await?.into_inner().import;
    let applied = applied.context("an import")?;
    ensure!(
        applied.state() == ImportState::Applied,
        "the import ended as {:?}, with {} problems",
        applied.state(),
        applied.problem_count
    );
    Ok(())
}

/// A code for everybody of the school who has an account and never chose a password.
async fn codes(admin: &Person, school: &str) -> anyhow::Result<Vec<FirstUseCode>> {
    let mut directory = admin.directory();
    let (mut codes, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListPeopleRequest {
            school_id: school.to_owned(),
            page_size: PAGE,
            page_token,
        };
        let page = directory.list_people(request).await?.into_inner();
        let request = IssueFirstUseCodesRequest {
            school_id: school.to_owned(),
            person_ids: page.people.into_iter().map(|one| one.person_id).collect(),
            reset: false,
        };
        let answer = directory.issue_first_use_codes(request).await?;
        codes.extend(answer.into_inner().codes);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(codes);
        }
    }
}
