//! The school, made call by call, each noted when it is answered.
//!
//! A process may die between an answer and its note. What exists already is then looked up by what
//! makes it unique, instead of being taken for a mistake; a roster imported again changes nothing.

use std::collections::BTreeMap;

use bytes::Bytes;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::{CreateAuthorityRequest, CreateSchoolRequest};
use preau_proto::roster::v1::ImportState;
use tonic::{Code, Status};

use super::accounts::{self, Account};
use super::journal::Journal;
use crate::cli::{activate, sign_in, sign_out};
use crate::client::{Channel, Gateway};
use crate::failure::Failure;
use crate::roster::{self, SchoolFound};

const AUTHORITY: &str = "Région des Quatre-Vents (démonstration)";
/// A valid UAI: 951099 mod 23 gives the letter D.
const UAI: &str = "0951099D";
/// Everybody at the school, and every class: sources and how they are zipped are beside it.
pub(super) const ROSTER: &[u8] =
    include_bytes!("../../../../../tests/data/demonstration-school.zip");

/// Why the school is not finished.
pub(super) enum Stopped {
    /// A service refused.
    Said(Status),
    /// The journal cannot be kept, or an account not be opened.
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
        let school = SchoolFound {
            id: self.school(authority_id).await?,
            uai: UAI.into(),
            name: accounts::SCHOOL.into(),
        };
        self.roster(&school).await?;
        self.accounts(&school).await
    }

    fn directory(&self) -> DirectoryServiceClient<Channel> {
        DirectoryServiceClient::new(self.gateway.channel.clone())
    }

    /// Made twice, when the note of the first is lost, one stays without a school: authorities have no unique name.
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
        let id = match self.directory().create_school(request).await {
            Ok(made) => made.into_inner().school.unwrap_or_default().school_id,
            Err(status) if status.code() == Code::AlreadyExists => {
                roster::find_school(&self.gateway, Some(UAI)).await?.id
            }
            Err(status) => return Err(status.into()),
        };
        Ok(self.journal.note("school", id)?)
    }

    async fn roster(&mut self, school: &SchoolFound) -> Result<(), Stopped> {
        if self.journal.made("roster").is_some() {
            return Ok(());
        }
        let zip = Bytes::from_static(ROSTER);
        let checked = roster::check(&self.gateway, &school.id, &zip, |_| {}).await?;
        if checked.state() != ImportState::Ready {
            let problems = roster::problems(&checked);
            return Err(not_importable(&problems).into());
        }
        let applied = roster::apply(&self.gateway, &checked.import_id, 0).await?;
        if applied.state() != ImportState::Applied {
            return Err(not_importable("it was not applied").into());
        }
        self.journal.note("roster", applied.import_id)?;
        Ok(())
    }

    /// Opens the accounts that the demonstration shows, with the journal's passwords.
    async fn accounts(&mut self, school: &SchoolFound) -> Result<(), Stopped> {
        let waiting: Vec<Account> = self
            .journal
            .accounts
            .iter()
            .filter(|account| self.journal.made(&account_key(account)).is_none())
            .cloned()
            .collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let ids = self.ids_of(school, &waiting).await?;
        let asked: Vec<String> = ids.values().cloned().collect();
        let issued = roster::issue_for(&self.gateway, school, &asked).await?;
        let codes: BTreeMap<String, String> = issued
            .into_iter()
            .map(|code| (code.login, code.code))
            .collect();
        for account in waiting {
            self.open(&account, codes.get(&account.login)).await?;
            let id = ids.get(&account.login).cloned().unwrap_or_default();
            self.journal.note(&account_key(&account), id)?;
        }
        Ok(())
    }

    /// By login.
    async fn ids_of(
        &self,
        school: &SchoolFound,
        accounts: &[Account],
    ) -> Result<BTreeMap<String, String>, Status> {
        let people = roster::people(&self.gateway, &school.id).await?;
        let wanted = |login: &str| accounts.iter().any(|account| account.login == login);
        Ok(people
            .into_iter()
            .filter(|person| wanted(&person.login))
            .map(|person| (person.login, person.person_id))
            .collect())
    }

    /// Without a code the account was opened already, and only the note of it is missing: signing in tells.
    async fn open(&self, account: &Account, code: Option<&String>) -> Result<(), Stopped> {
        let Account {
            login, password, ..
        } = account;
        let session = match code {
            Some(code) => activate(&self.gateway, login, code, password).await?,
            None => sign_in(&self.gateway, login, password.clone()).await?,
        };
        Ok(sign_out(&self.gateway.clone().with_session(&session.token)?).await?)
    }
}

fn account_key(account: &Account) -> String {
    format!("account {}", account.login)
}

fn not_importable(why: &str) -> Failure {
    Failure::new(
        format_args!("cannot import the demonstration's roster: {why}"),
        "this build",
        "report it, and start without --demo",
    )
}
