//! Imports as an administrator makes them: uploaded in parts, checked, applied.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use preau_harness::{Person, Platform, PlatformBuilder};
use preau_proto::identity::v1::{
    FirstUseCode, IssueFirstUseCodesRequest, ListPeopleRequest, Person as Somebody,
};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::{
    ApplyImportRequest, BeginImportRequest, Class, GetImportRequest, Import, ImportState,
    ImportSummary, ListClassesRequest, ListMembersRequest, PutImportPartRequest,
    ValidateImportRequest,
};
use tonic::Status;

use crate::school::{PASSWORD, School, create_first_admin};

/// The UAI of the school of these stories.
pub(crate) const UAI: &str = "0951099D";

/// A platform with one empty school, and its administrator.
pub(crate) struct Place {
    pub(crate) platform: Platform,
    pub(crate) school: School,
    pub(crate) admin: Person,
}

impl Place {
    pub(crate) async fn on(builder: PlatformBuilder) -> anyhow::Result<Self> {
        create_first_admin(&builder, "root").await?;
        let platform = builder.start().await?;
        let root = Person::sign_in(platform.gateway(), "root", PASSWORD).await?;
        let school = School::create(&root, platform.gateway(), "ici", UAI).await?;
        let admin = school.person(&root, "direction", Role::SchoolAdmin).await?;
        Ok(Self {
            platform,
            school,
            admin,
        })
    }

    /// The same after SIGTERM and another start.
    pub(crate) async fn restarted(self) -> anyhow::Result<Self> {
        let platform = self.platform.restart().await?;
        Self::after(platform, self.school, &self.admin).await
    }

    /// The same after SIGKILL and another start.
    pub(crate) async fn killed(self) -> anyhow::Result<Self> {
        let platform = self.platform.kill9().await?.start().await?;
        Self::after(platform, self.school, &self.admin).await
    }

    async fn after(platform: Platform, school: School, admin: &Person) -> anyhow::Result<Self> {
        Ok(Self {
            admin: admin.elsewhere(platform.gateway()).await?,
            platform,
            school,
        })
    }

    /// Imports a zip that is right.
    pub(crate) async fn import(&self, zip: &[u8]) -> anyhow::Result<ImportSummary> {
        let import = import(&self.admin, &self.school.id, zip).await?;
        import.summary.context("a summary")
    }

    pub(crate) async fn state(&self) -> anyhow::Result<State> {
        State::of(&self.admin, &self.school.id).await
    }

    /// Somebody's first sign-in, with a code made for it.
    pub(crate) async fn first_sign_in(&self, login: &str) -> anyhow::Result<Person> {
        let code = self.code(login).await?;
        Ok(Person::activate(self.platform.gateway(), login, &code, PASSWORD).await??)
    }

    /// A new code for somebody who never signed in.
    pub(crate) async fn code(&self, login: &str) -> anyhow::Result<String> {
        let people = people(&self.admin, &self.school.id).await?;
        let person = people.get(login).with_context(|| format!("no {login}"))?;
        let ids = vec![person.person_id.clone()];
        let codes = codes(&self.admin, &self.school.id, ids).await?;
        let code = codes
            .first()
            .with_context(|| format!("no code for {login}"))?;
        Ok(code.code.clone())
    }
}

/// Uploads a zip; answers the import's id.
pub(crate) async fn upload(admin: &Person, school: &str, zip: &[u8]) -> Result<String, Status> {
    let request = BeginImportRequest {
        school_id: school.to_owned(),
        size: zip.len() as u64,
    };
    let import = admin.imports().begin_import(request).await?.into_inner();
    let import = import_of(import.import)?;
    for (index, part) in zip.chunks(import.part_size as usize).enumerate() {
        let request = PutImportPartRequest {
            import_id: import.import_id.clone(),
            index: index as u32,
            data: part.to_vec().into(),
        };
        admin.imports().put_import_part(request).await?;
    }
    Ok(import.import_id)
}

/// Uploads a zip and has it checked.
pub(crate) async fn check(admin: &Person, school: &str, zip: &[u8]) -> Result<Import, Status> {
    let import_id = upload(admin, school, zip).await?;
    let request = ValidateImportRequest { import_id };
    let answer = admin.imports().validate_import(request).await?;
    import_of(answer.into_inner().import)
}

/// Applies what was checked, and confirms whatever it asks to have confirmed.
pub(crate) async fn apply(admin: &Person, import: &Import) -> Result<Import, Status> {
    let summary = import.summary.unwrap_or_default();
    let request = ApplyImportRequest {
        import_id: import.import_id.clone(),
        confirm_disabled: if summary.needs_confirmation {
            summary.people_disabled
        } else {
            0
        },
    };
    let answer = admin.imports().apply_import(request).await?;
    import_of(answer.into_inner().import)
}

/// The whole way, of a zip that is right.
pub(crate) async fn import(admin: &Person, school: &str, zip: &[u8]) -> anyhow::Result<Import> {
    let checked = check(admin, school, zip).await?;
    anyhow::ensure!(checked.state() == ImportState::Ready, "{checked:#?}");
    let applied = apply(admin, &checked).await?;
    anyhow::ensure!(applied.state() == ImportState::Applied, "{applied:#?}");
    Ok(applied)
}

/// An import as it stands.
pub(crate) async fn get(admin: &Person, import_id: &str) -> Result<Import, Status> {
    let request = GetImportRequest {
        import_id: import_id.to_owned(),
    };
    let answer = admin.imports().get_import(request).await?;
    import_of(answer.into_inner().import)
}

fn import_of(import: Option<Import>) -> Result<Import, Status> {
    import.ok_or_else(|| Status::internal("an answer without an import"))
}

/// Codes for first sign-ins, of whoever needs one among these people.
pub(crate) async fn codes(
    admin: &Person,
    school: &str,
    person_ids: Vec<String>,
) -> Result<Vec<FirstUseCode>, Status> {
    issue(admin, school, person_ids, false).await
}

/// Codes in place of forgotten passwords, and for whoever has none yet.
pub(crate) async fn reset(
    admin: &Person,
    school: &str,
    person_ids: Vec<String>,
) -> Result<Vec<FirstUseCode>, Status> {
    issue(admin, school, person_ids, true).await
}

async fn issue(
    admin: &Person,
    school: &str,
    person_ids: Vec<String>,
    reset: bool,
) -> Result<Vec<FirstUseCode>, Status> {
    let request = IssueFirstUseCodesRequest {
        school_id: school.to_owned(),
        person_ids,
        reset,
    };
    let answer = admin.directory().issue_first_use_codes(request).await?;
    Ok(answer.into_inner().codes)
}

/// Everybody of a school, by login; those without an account are left out.
pub(crate) async fn people(
    admin: &Person,
    school: &str,
) -> anyhow::Result<BTreeMap<String, Somebody>> {
    let mut people = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListPeopleRequest {
            school_id: school.to_owned(),
            page_size: 200,
            page_token,
        };
        let page = admin.directory().list_people(request).await?.into_inner();
        people.extend(
            page.people
                .into_iter()
                .filter(|person| !person.login.is_empty())
                .map(|person| (person.login.clone(), person)),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(people);
        }
    }
}

/// All that an import changes, as an administrator sees it: to be compared with what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// By id: given name, family name, login, roles that did not end.
    people: BTreeMap<String, (String, String, String, BTreeSet<i32>)>,
    /// By name: main teacher, and members by id.
    classes: BTreeMap<String, (String, BTreeMap<String, i32>)>,
}

impl State {
    pub(crate) async fn of(admin: &Person, school: &str) -> anyhow::Result<Self> {
        let people = people(admin, school).await?.into_values().map(|person| {
            let open = person.grants.iter().filter(|grant| grant.ends_at.is_none());
            let roles = open.map(|grant| grant.role).collect();
            let names = (person.given_name, person.family_name, person.login, roles);
            (person.person_id, names)
        });
        let mut classes = BTreeMap::new();
        for class in self::classes(admin, school).await? {
            let members = members(admin, &class.class_id).await?;
            classes.insert(class.name, (class.main_teacher_id, members));
        }
        Ok(Self {
            people: people.collect(),
            classes,
        })
    }

    /// How many people, classes and enrolments there are.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let members = self.classes.values().map(|(_, members)| members.len());
        (self.people.len(), self.classes.len(), members.sum())
    }
}

/// The classes of a school that has few.
pub(crate) async fn classes(admin: &Person, school: &str) -> anyhow::Result<Vec<Class>> {
    let request = ListClassesRequest {
        school_id: school.to_owned(),
        page_size: 200,
        ..Default::default()
    };
    let page = admin.classes().list_classes(request).await?.into_inner();
    anyhow::ensure!(page.next_page_token.is_empty(), "more than one page");
    Ok(page.classes)
}

/// The parts of a class's members, by person.
async fn members(admin: &Person, class: &str) -> anyhow::Result<BTreeMap<String, i32>> {
    let mut members = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListMembersRequest {
            class_id: class.to_owned(),
            page_size: 200,
            page_token,
        };
        let page = admin.classes().list_members(request).await?.into_inner();
        let found = page.members.into_iter();
        members.extend(found.map(|member| (member.person_id, member.part)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(members);
        }
    }
}
