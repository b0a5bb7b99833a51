//! First-use codes: for whom, and how they are shown.

use std::fmt::Write as _;

use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::{
    FirstUseCode, IssueFirstUseCodesRequest, ListPeopleRequest, Person,
};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::{Class, ListClassesRequest, ListMembersRequest};
use tonic::Status;

use super::school::SchoolFound;
use crate::client::{Gateway, failure, retry};
use crate::failure::{Exit, Failure, one_line};

/// How many people one call takes, and how many a page holds.
const BATCH: usize = 200;

/// Whose codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The members of a class, named or by id.
    Class(String),
    /// Teachers and administrators of the school.
    Staff,
    /// Whoever has this login, also in place of a password, which stops working.
    Forgetful(String),
}

/// Codes that were just made: nobody can read them again.
pub(crate) struct Sheet {
    pub(crate) school: String,
    /// The class's name, or that of the staff.
    pub(crate) title: String,
    pub(crate) codes: Vec<FirstUseCode>,
    /// Members who need none: they have a password, or no account in use.
    pub(crate) without: usize,
}

/// Makes new codes for those who never chose a password, or for who forgot theirs. Codes made before and not used are
/// void.
pub(crate) async fn issue(
    gateway: &Gateway,
    school: &SchoolFound,
    whom: &Whom,
) -> Result<Sheet, Failure> {
    let failed = |status: Status| failure("cannot make first-use codes", &gateway.url, &status);
    let (title, people) = match whom {
        Whom::Class(name) => {
            let class = choose(classes(gateway, school).await.map_err(failed)?, name)?;
            let people = members(gateway, &class.class_id).await.map_err(failed)?;
            (class.name, people)
        }
        Whom::Staff => {
            let people = staff(gateway, school).await.map_err(failed)?;
            ("staff".to_owned(), people)
        }
        Whom::Forgetful(login) => {
            let everybody = people(gateway, &school.id).await.map_err(failed)?;
            let person = with_login(everybody, login)?;
            (person.login, vec![person.person_id])
        }
    };
    let reset = matches!(whom, Whom::Forgetful(_));
    let mut codes = Vec::new();
    for batch in people.chunks(BATCH) {
        let issued = request_codes(gateway, school, batch, reset).await;
        codes.extend(issued.map_err(failed)?);
    }
    Ok(Sheet {
        school: school.name.clone(),
        title,
        without: people.len() - codes.len().min(people.len()),
        codes,
    })
}

/// Codes of at most 200 people of a school, once: a lost answer is made good by asking again, which voids its codes.
pub(crate) async fn issue_for(
    gateway: &Gateway,
    school: &SchoolFound,
    person_ids: &[String],
) -> Result<Vec<FirstUseCode>, Status> {
    request_codes(gateway, school, person_ids, false).await
}

async fn request_codes(
    gateway: &Gateway,
    school: &SchoolFound,
    person_ids: &[String],
    reset: bool,
) -> Result<Vec<FirstUseCode>, Status> {
    let answer = retry(|| async {
        let request = IssueFirstUseCodesRequest {
            school_id: school.id.clone(),
            person_ids: person_ids.to_vec(),
            reset,
        };
        let mut client = DirectoryServiceClient::new(gateway.channel.clone());
        client.issue_first_use_codes(gateway.request(request)).await
    })
    .await?;
    Ok(answer.into_inner().codes)
}

async fn classes(gateway: &Gateway, school: &SchoolFound) -> Result<Vec<Class>, Status> {
    let mut classes = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListClassesRequest {
            school_id: school.id.clone(),
            page_size: BATCH as u32,
            page_token,
        };
        let page = retry(|| async {
            let mut client = ClassServiceClient::new(gateway.channel.clone());
            client.list_classes(gateway.request(request.clone())).await
        })
        .await?
        .into_inner();
        classes.extend(page.classes);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(classes);
        }
    }
}

/// By id, by name, by name in another case.
fn choose(classes: Vec<Class>, wanted: &str) -> Result<Class, Failure> {
    let wanted = wanted.trim();
    let lower = wanted.to_lowercase();
    let found = classes
        .iter()
        .find(|class| class.class_id == wanted)
        .or_else(|| classes.iter().find(|class| class.name == wanted))
        .or_else(|| {
            classes
                .iter()
                .find(|class| class.name.to_lowercase() == lower)
        });
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        let remedy = if names.is_empty() {
            "import the roster first".to_owned()
        } else {
            format!("write one of: {}", names.join(", "))
        };
        Failure::new("no such class at the school", wanted, remedy).exit(Exit::NotFound)
    })
}

/// By login, upper and lower case counting alike.
fn with_login(people: Vec<Person>, wanted: &str) -> Result<Person, Failure> {
    let wanted = wanted.trim();
    let lower = wanted.to_lowercase();
    let mut people = people.into_iter();
    people
        .find(|person| !lower.is_empty() && person.login.to_lowercase() == lower)
        .ok_or_else(|| {
            let remedy = "check how the roster spells it";
            Failure::new("nobody of the school has this login", wanted, remedy).exit(Exit::NotFound)
        })
}

async fn members(gateway: &Gateway, class_id: &str) -> Result<Vec<String>, Status> {
    let mut people = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMembersRequest {
            class_id: class_id.to_owned(),
            page_size: BATCH as u32,
            page_token,
        };
        let page = retry(|| async {
            let mut client = ClassServiceClient::new(gateway.channel.clone());
            client.list_members(gateway.request(request.clone())).await
        })
        .await?
        .into_inner();
        people.extend(page.members.into_iter().map(|member| member.person_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(people);
        }
    }
}

async fn staff(gateway: &Gateway, school: &SchoolFound) -> Result<Vec<String>, Status> {
    let people = people(gateway, &school.id).await?;
    Ok(people
        .into_iter()
        .filter(is_staff)
        .map(|person| person.person_id)
        .collect())
}

/// Everybody of a school.
pub(crate) async fn people(gateway: &Gateway, school_id: &str) -> Result<Vec<Person>, Status> {
    let mut people = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListPeopleRequest {
            school_id: school_id.to_owned(),
            page_size: BATCH as u32,
            page_token,
        };
        let page = retry(|| async {
            let mut client = DirectoryServiceClient::new(gateway.channel.clone());
            client.list_people(gateway.request(request.clone())).await
        })
        .await?
        .into_inner();
        people.extend(page.people);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(people);
        }
    }
}

fn is_staff(person: &Person) -> bool {
    person
        .grants
        .iter()
        .any(|grant| matches!(grant.role(), Role::Teacher | Role::SchoolAdmin))
}

impl Sheet {
    /// One line a code: family name, given name, login, code.
    pub(crate) fn table(&self) -> String {
        let mut text = format!("{}, {}\n", self.school, self.title);
        for code in &self.codes {
            let name = format!("{} {}", code.family_name, code.given_name);
            let FirstUseCode { login, code, .. } = code;
            let line = format!("  {:30} {login:30} {code}", one_line(&name));
            let _ = writeln!(text, "{line}");
        }
        if self.codes.is_empty() {
            text.push_str("  nobody needs a code\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_proto::identity::v1::Grant;

    fn class(id: &str, name: &str) -> Class {
        Class {
            class_id: id.into(),
            name: name.into(),
            ..Class::default()
        }
    }

    #[test]
    fn a_class_is_found_by_id_by_name_and_by_name_in_another_case() {
        let classes = || {
            vec![
                class("1", "2de A"),
                class("2", "2de B"),
                class("3", "2DE B"),
            ]
        };
        for (wanted, id) in [("1", "1"), ("2DE B", "3"), (" 2de b ", "2"), ("2DE a", "1")] {
            assert_eq!(choose(classes(), wanted).expect("found").class_id, id);
        }
        let failure = choose(classes(), "3e A").expect_err("unknown");
        assert_eq!(failure.code(), Exit::NotFound);
        assert!(failure.to_string().contains("2de A, 2de B"), "{failure}");
    }

    #[test]
    fn somebody_is_found_by_login_whatever_its_case_and_never_by_none() {
        let people = || {
            ["", "Zoé.Martin", "max"].map(|login| Person {
                login: login.into(),
                ..Person::default()
            })
        };
        let found = with_login(people().into(), " ZOÉ.martin ").expect("found");
        assert_eq!(found.login, "Zoé.Martin");
        for unknown in ["", " ", "zoé"] {
            let failure = with_login(people().into(), unknown).expect_err("unknown");
            assert_eq!(failure.code(), Exit::NotFound);
        }
    }

    #[test]
    fn staff_are_those_who_teach_or_administer() {
        let with = |role: Role| Person {
            grants: vec![Grant {
                role: role.into(),
                ..Grant::default()
            }],
            ..Person::default()
        };
        assert!(is_staff(&with(Role::Teacher)));
        assert!(is_staff(&with(Role::SchoolAdmin)));
        assert!(!is_staff(&with(Role::Student)));
        assert!(!is_staff(&Person::default()));
    }

    #[test]
    fn a_table_has_one_line_a_code() {
        let mut sheet = Sheet {
            school: "Lycée".into(),
            title: "2de A".into(),
            codes: vec![FirstUseCode {
                given_name: "Inès".into(),
                family_name: "Valmont".into(),
                login: "ines.valmont".into(),
                code: "K7QM-2PXR-T4VD".into(),
                ..FirstUseCode::default()
            }],
            without: 0,
        };
        let line = sheet.table().lines().nth(1).expect("a line").to_owned();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words, ["Valmont", "Inès", "ines.valmont", "K7QM-2PXR-T4VD"]);
        sheet.codes.clear();
        assert!(sheet.table().contains("nobody needs a code"));
    }
}
