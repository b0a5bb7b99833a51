//! The demonstration school: made through the public RPCs, as an administrator would make it.
//!
//! A journal beside the data remembers what was made, so that a start that was interrupted in the
//! middle goes on where it stopped, with the same passwords.

mod accounts;
mod journal;

use preau_identity::Identity;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::{CreateAuthorityRequest, CreatePersonRequest, CreateSchoolRequest};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::{CreateClassRequest, EnrolRequest, Part};
use tonic::Status;

use self::accounts::{Account, CLASSES, Kind};
use self::journal::Journal;
use super::first_admin::{self, FirstAdmin};
use crate::cli::sign_in;
use crate::client::{Channel, Gateway, failure};
use crate::config::Config;
use crate::failure::Failure;

const AUTHORITY: &str = "Région des Quatre-Vents (démonstration)";
/// A valid UAI: 0951099 mod 23 gives the letter D.
const UAI: &str = "0951099D";

/// What is to be made, decided before anything serves; nothing when it was made at an earlier start.
pub(crate) struct Plan {
    journal: Journal,
}

/// Reads or begins the journal and creates the platform's administrator.
pub(crate) async fn plan(config: &Config, identity: &Identity) -> Result<Option<Plan>, Failure> {
    if accounts::exist(config) {
        accounts::show(config)?;
        return Ok(None);
    }
    if let Some(journal) = Journal::read(config)? {
        return Ok(Some(Plan { journal }));
    }
    let journal = Journal::begin(config)?;
    let admin = FirstAdmin {
        given_name: "Opératrice".into(),
        family_name: "de démonstration".into(),
        login: journal.platform.login.clone(),
        password: journal.platform.password.clone(),
    };
    if let Err(failure) = first_admin::create(config, identity, &admin).await {
        // Not ours to fill: the directory belongs to somebody already.
        journal.discard();
        return Err(failure);
    }
    Ok(Some(Plan { journal }))
}

/// Makes what is missing and writes the accounts down.
pub(crate) async fn fill(config: &Config, plan: Plan, url: &str) -> Result<(), Failure> {
    let journal = plan.journal;
    let gateway = Gateway::new(url)?;
    let session = sign_in(
        &gateway,
        &journal.platform.login,
        journal.platform.password.clone(),
    )
    .await?;
    let mut school = School {
        gateway: gateway.with_session(&session.token)?,
        journal,
    };
    school.build().await.map_err(|error| match error {
        Stopped::Said(status) => failure(
            "cannot make the demonstration school",
            config.data_dir.display(),
            &status,
        ),
        Stopped::Failed(failure) => failure,
    })?;
    school.journal.finish(config)?;
    accounts::show(config)
}

enum Stopped {
    Said(Status),
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

struct School {
    gateway: Gateway,
    journal: Journal,
}

impl School {
    async fn build(&mut self) -> Result<(), Stopped> {
        let school = self.school().await?;
        for account in self.journal.accounts.clone() {
            self.person(&school, &account).await?;
        }
        for class in CLASSES {
            self.class(&school, class).await?;
        }
        Ok(())
    }

    fn directory(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.gateway.channel.clone())
    }

    fn classes(&self) -> ClassServiceClient<Channel> {
        ClassServiceClient::new(self.gateway.channel.clone())
    }

    async fn school(&mut self) -> Result<String, Stopped> {
        let authority_id = match self.journal.made("authority") {
            Some(id) => id,
            None => {
                let request = CreateAuthorityRequest {
                    name: AUTHORITY.into(),
                };
                let made = self
                    .directory()
                    .create_authority(self.gateway.request(request))
                    .await?;
                let id = made.into_inner().authority.unwrap_or_default().authority_id;
                self.journal.note("authority", id)?
            }
        };
        if let Some(id) = self.journal.made("school") {
            return Ok(id);
        }
        let request = CreateSchoolRequest {
            authority_id,
            uai: UAI.into(),
            name: accounts::SCHOOL.into(),
        };
        let made = self
            .directory()
            .create_school(self.gateway.request(request))
            .await?;
        let id = made.into_inner().school.unwrap_or_default().school_id;
        Ok(self.journal.note("school", id)?)
    }

    async fn person(&mut self, school_id: &str, account: &Account) -> Result<(), Stopped> {
        let key = format!("person {}", account.login);
        if self.journal.made(&key).is_some() {
            return Ok(());
        }
        let (given_name, family_name) = account.names();
        let role = match account.role {
            Kind::Student => Role::Student,
            Kind::Teacher => Role::Teacher,
            Kind::Admin => Role::SchoolAdmin,
        };
        let request = CreatePersonRequest {
            school_id: school_id.to_owned(),
            given_name: given_name.into(),
            family_name: family_name.into(),
            role: role.into(),
            login: account.login.clone(),
            password: account.password.clone(),
        };
        let made = self
            .directory()
            .create_person(self.gateway.request(request))
            .await?;
        let id = made.into_inner().person.unwrap_or_default().person_id;
        self.journal.note(&key, id)?;
        Ok(())
    }

    async fn class(&mut self, school_id: &str, name: &str) -> Result<(), Stopped> {
        let key = format!("class {name}");
        let members: Vec<Account> = self
            .journal
            .accounts
            .iter()
            .filter(|account| account.is_in(name))
            .cloned()
            .collect();
        let class_id = match self.journal.made(&key) {
            Some(id) => id,
            None => {
                let main = members
                    .iter()
                    .find(|account| account.is_main_teacher_of(name));
                let request = CreateClassRequest {
                    school_id: school_id.to_owned(),
                    name: name.into(),
                    main_teacher_id: main
                        .and_then(|main| self.person_id(main))
                        .unwrap_or_default(),
                };
                let made = self
                    .classes()
                    .create_class(self.gateway.request(request))
                    .await?;
                let id = made.into_inner().class.unwrap_or_default().class_id;
                self.journal.note(&key, id)?
            }
        };
        // Enrolling again changes nothing, so what was enrolled needs no note.
        for account in members {
            let part = match account.role {
                Kind::Student => Part::Student,
                Kind::Teacher => Part::Teacher,
                Kind::Admin => continue,
            };
            let request = EnrolRequest {
                class_id: class_id.clone(),
                person_id: self.person_id(&account).unwrap_or_default(),
                part: part.into(),
            };
            self.classes().enrol(self.gateway.request(request)).await?;
        }
        Ok(())
    }

    fn person_id(&self, account: &Account) -> Option<String> {
        self.journal.made(&format!("person {}", account.login))
    }
}
