//! The school, made call by call, each noted when it is answered.
//!
//! A process may die between an answer and its note. What exists already is then looked up by what
//! makes it unique, instead of being taken for a mistake.

use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::{
    CreateAuthorityRequest, CreatePersonRequest, CreateSchoolRequest, ListPeopleRequest,
};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::{CreateClassRequest, EnrolRequest, ListClassesRequest, Part};
use tonic::{Code, Status};

use super::accounts::{self, Account, CLASSES, Kind};
use super::journal::Journal;
use crate::client::{Channel, Gateway};
use crate::failure::Failure;

const AUTHORITY: &str = "Région des Quatre-Vents (démonstration)";
/// A valid UAI: 951099 mod 23 gives the letter D.
const UAI: &str = "0951099D";

/// Why the school is not finished.
pub(super) enum Stopped {
    /// A service refused.
    Said(Status),
    /// The journal cannot be kept.
    Failed(Failure),
}

impl From<Status> for Stopped {
    fn from(status: Status) -> Self {
        Self::Said(status)
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The school under construction.
pub(super) struct School {
    gateway: Gateway,
    journal: Journal,
}

impl School {
    /// As the platform's administrator, whose session `gateway` has.
    pub(super) fn new(gateway: Gateway, journal: Journal) -> Self {
        Self { gateway, journal }
    }

    pub(super) fn into_journal(self) -> Journal {
        self.journal
    }

    /// Makes what the journal does not know yet.
    pub(super) async fn build(&mut self) -> Result<(), Stopped> {
        let authority_id = self.authority().await?;
        let school_id = self.school(authority_id).await?;
        for account in self.journal.accounts.clone() {
            self.person(&school_id, &account).await?;
        }
        for class in CLASSES {
            let class_id = self.class(&school_id, class).await?;
            self.enrol_members(&class_id, class).await?;
        }
        Ok(())
    }

    fn directory(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.gateway.channel.clone())
    }

    fn classes(&self) -> ClassServiceClient<Channel> {
        ClassServiceClient::new(self.gateway.channel.clone())
    }

    async fn authority(&mut self) -> Result<String, Stopped> {
        if let Some(id) = self.journal.made("authority") {
            return Ok(id);
        }
        let request = self.gateway.request(CreateAuthorityRequest {
            name: AUTHORITY.into(),
        });
        let made = self.directory().create_authority(request).await?;
        let id = made.into_inner().authority.unwrap_or_default().authority_id;
        Ok(self.journal.note("authority", id)?)
    }

    async fn school(&mut self, authority_id: String) -> Result<String, Stopped> {
        if let Some(id) = self.journal.made("school") {
            return Ok(id);
        }
        let request = self.gateway.request(CreateSchoolRequest {
            authority_id,
            uai: UAI.into(),
            name: accounts::SCHOOL.into(),
        });
        let made = self.directory().create_school(request).await?;
        let id = made.into_inner().school.unwrap_or_default().school_id;
        Ok(self.journal.note("school", id)?)
    }

    async fn person(&mut self, school_id: &str, account: &Account) -> Result<(), Stopped> {
        if self.person_id(account).is_some() {
            return Ok(());
        }
        let (given_name, family_name) = account.names();
        let role = match account.role {
            Kind::Student => Role::Student,
            Kind::Teacher => Role::Teacher,
            Kind::Admin => Role::SchoolAdmin,
        };
        let request = self.gateway.request(CreatePersonRequest {
            school_id: school_id.to_owned(),
            given_name: given_name.into(),
            family_name: family_name.into(),
            role: role.into(),
            login: account.login.clone(),
            password: account.password.clone(),
        });
        let id = match self.directory().create_person(request).await {
            Ok(made) => made.into_inner().person.unwrap_or_default().person_id,
            Err(status) if status.code() == Code::AlreadyExists => self
                .existing_person(school_id, account)
                .await?
                .ok_or(status)?,
            Err(status) => return Err(status.into()),
        };
        self.journal.note(&person_key(account), id)?;
        Ok(())
    }

    async fn existing_person(
        &self,
        school_id: &str,
        account: &Account,
    ) -> Result<Option<String>, Status> {
        let request = self.gateway.request(ListPeopleRequest {
            school_id: school_id.to_owned(),
            page_size: 200,
            page_token: String::new(),
        });
        let people = self
            .directory()
            .list_people(request)
            .await?
            .into_inner()
            .people;
        let found = people
            .into_iter()
            .find(|person| person.login == account.login);
        Ok(found.map(|person| person.person_id))
    }

    async fn class(&mut self, school_id: &str, name: &str) -> Result<String, Stopped> {
        let key = format!("class {name}");
        if let Some(id) = self.journal.made(&key) {
            return Ok(id);
        }
        let people = &self.journal.accounts;
        let main = people
            .iter()
            .find(|account| account.is_main_teacher_of(name));
        let main_teacher_id = main
            .and_then(|main| self.person_id(main))
            .unwrap_or_default();
        let request = self.gateway.request(CreateClassRequest {
            school_id: school_id.to_owned(),
            name: name.into(),
            main_teacher_id,
        });
        let id = match self.classes().create_class(request).await {
            Ok(made) => made.into_inner().class.unwrap_or_default().class_id,
            Err(status) if status.code() == Code::AlreadyExists => {
                self.existing_class(school_id, name).await?.ok_or(status)?
            }
            Err(status) => return Err(status.into()),
        };
        Ok(self.journal.note(&key, id)?)
    }

    async fn existing_class(&self, school_id: &str, name: &str) -> Result<Option<String>, Status> {
        let request = self.gateway.request(ListClassesRequest {
            school_id: school_id.to_owned(),
            page_size: 200,
            page_token: String::new(),
        });
        let classes = self
            .classes()
            .list_classes(request)
            .await?
            .into_inner()
            .classes;
        let found = classes.into_iter().find(|class| class.name == name);
        Ok(found.map(|class| class.class_id))
    }

    /// Enrolling again changes nothing, so what was enrolled needs no note.
    async fn enrol_members(&self, class_id: &str, name: &str) -> Result<(), Stopped> {
        for account in self
            .journal
            .accounts
            .iter()
            .filter(|account| account.is_in(name))
        {
            let part = match account.role {
                Kind::Student => Part::Student,
                Kind::Teacher | Kind::Admin => Part::Teacher,
            };
            let request = self.gateway.request(EnrolRequest {
                class_id: class_id.to_owned(),
                person_id: self.person_id(account).unwrap_or_default(),
                part: part.into(),
            });
            self.classes().enrol(request).await?;
        }
        Ok(())
    }

    fn person_id(&self, account: &Account) -> Option<String> {
        self.journal.made(&person_key(account))
    }
}

fn person_key(account: &Account) -> String {
    format!("person {}", account.login)
}
