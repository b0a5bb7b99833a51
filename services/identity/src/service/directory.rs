//! Authorities, schools and people: created and read.

use std::sync::Arc;

use preau_kernel::access::{Caller, Facts, Role, Scope};
use preau_kernel::clock::Clock;
use preau_kernel::failure::Failure;
use preau_kernel::ids::{AuthorityId, GrantId, PersonId, SchoolId};
use preau_kernel::names::Name;
use preau_kernel::paging::{self, Keyset};
use preau_kernel::uai::Uai;

use crate::audit;
use crate::domain::directory::{
    Authority, Home, NewAccount, NewPerson, Person, PersonName, School,
};
use crate::domain::grants::{DatedGrant, On, Period, may_grant};
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::passwords::Passwords;
use crate::store::{PersonKey, SchoolKey, Store};

/// Directory use cases.
#[derive(Clone)]
pub(crate) struct Directory {
    pub(crate) store: Store,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) clock: Clock,
}

/// What is asked of [`Directory::create_person`].
pub(crate) struct PersonWanted {
    pub(crate) school: SchoolId,
    pub(crate) given: Name,
    pub(crate) family: Name,
    pub(crate) role: Role,
    pub(crate) account: Option<(Login, Password)>,
}

impl Directory {
    pub(crate) async fn create_authority(
        &self,
        caller: &Caller,
        name: Name,
    ) -> Result<Authority, Failure> {
        let authority = Authority {
            id: AuthorityId::new(),
            name,
        };
        let proof = caller.authorize(&Facts::default(), authority)?;
        self.store
            .insert_authority(&proof, self.clock.now())
            .await?;
        audit::done("create_authority", caller, proof.get().id);
        Ok(proof.into_inner())
    }

    pub(crate) async fn create_school(
        &self,
        caller: &Caller,
        authority: AuthorityId,
        uai: Uai,
        name: Name,
    ) -> Result<School, Failure> {
        let facts = Facts {
            authority: Some(authority),
            ..Facts::default()
        };
        let school = School {
            id: SchoolId::new(),
            authority,
            uai,
            name,
        };
        let proof = caller.authorize_hidden("authority", &facts, school)?;
        if self.store.find_authority(authority).await?.is_none() {
            return Err(Failure::not_found("authority"));
        }
        self.store.insert_school(&proof, self.clock.now()).await?;
        audit::done("create_school", caller, proof.get().id);
        Ok(proof.into_inner())
    }

    pub(crate) async fn get_school(
        &self,
        caller: &Caller,
        id: SchoolId,
    ) -> Result<School, Failure> {
        let school = self.find_school(id).await?;
        Ok(caller
            .authorize_hidden("school", &school.facts(), school)?
            .into_inner())
    }

    /// A page of the schools that the caller administers by name, and the token of the next.
    pub(crate) async fn list_schools(
        &self,
        caller: &Caller,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<School>, String), Failure> {
        let size = paging::page_size(page_size)?;
        let after = Keyset::parse(page_token, 2)?
            .map(school_key)
            .unwrap_or_default();
        let person = caller.authorize_self()?;
        let now = self.clock.now();
        let schools = self
            .store
            .administered_schools(&person, &after, size + 1, now)
            .await?;
        Ok(paging::cut(schools, size, |school| {
            let SchoolKey { name, id } = SchoolKey::of(school);
            Keyset(vec![name, id])
        }))
    }

    /// The expensive hash comes after every check that could refuse the call.
    pub(crate) async fn create_person(
        &self,
        caller: &Caller,
        wanted: PersonWanted,
    ) -> Result<Person, Failure> {
        let school = self.find_school(wanted.school).await?;
        let proof = caller.authorize_hidden("school", &school.facts(), school)?;
        let (now, school) = (self.clock.now(), proof.get());
        let home = Home::School {
            id: school.id,
            authority: school.authority,
        };
        let on = On {
            scope: Scope::School(school.id),
            authority: Some(school.authority),
        };
        let period = Period::from(now);
        let held = self.store.grants_of(caller.principal().person).await?;
        may_grant(&held, wanted.role, on, period, now)?;
        let PersonWanted {
            given,
            family,
            role,
            account,
            ..
        } = wanted;
        let account = self.account(account).await?;
        let id = PersonId::new();
        let grant = DatedGrant {
            id: GrantId::new(),
            person: id,
            role,
            on,
            period,
        };
        let proof = proof.map(|_| NewPerson {
            id,
            home,
            given,
            family,
            account,
            grant,
            created: now,
        });
        self.store
            .insert_person(&proof, caller.principal().person)
            .await?;
        audit::done("create_person", caller, id);
        Ok(Person::from(proof.into_inner()))
    }

    pub(crate) async fn get_person(
        &self,
        caller: &Caller,
        id: PersonId,
    ) -> Result<Person, Failure> {
        let person = self.find_person(id).await?;
        let proof = caller.authorize_hidden("person", &person.facts(), person)?;
        let relation = proof.relation();
        Ok(proof.into_inner().shown_to(caller.principal(), relation))
    }

    pub(crate) async fn get_me(&self, caller: &Caller) -> Result<Person, Failure> {
        let id = caller.authorize_self()?.into_inner();
        self.find_person(id).await
    }

    /// A page of a school's people by name, and the token of the next.
    pub(crate) async fn list_people(
        &self,
        caller: &Caller,
        school: SchoolId,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<Person>, String), Failure> {
        let size = paging::page_size(page_size)?;
        let after = Keyset::parse(page_token, 3)?
            .map(person_key)
            .unwrap_or_default();
        let school = self.find_school(school).await?;
        let proof = caller.authorize_hidden("school", &school.facts(), school)?;
        let relation = proof.relation();
        let people = self.store.list_people(&proof, &after, size + 1).await?;
        let (people, next) = paging::cut(people, size, |person| keyset(PersonKey::of(person)));
        let shown = people
            .into_iter()
            .map(|one| one.shown_to(caller.principal(), relation));
        Ok((shown.collect(), next))
    }

    /// What those of `people` who are of the school are called.
    pub(crate) async fn names(
        &self,
        caller: &Caller,
        school: SchoolId,
        people: &[PersonId],
    ) -> Result<Vec<PersonName>, Failure> {
        let school = self.find_school(school).await?;
        let proof = caller.authorize_hidden("school", &school.facts(), school)?;
        Ok(self.store.names(&proof, people, self.clock.now()).await?)
    }

    async fn find_school(&self, id: SchoolId) -> Result<School, Failure> {
        self.store
            .find_school(id)
            .await?
            .ok_or_else(|| Failure::not_found("school"))
    }

    async fn find_person(&self, id: PersonId) -> Result<Person, Failure> {
        self.store
            .find_person(id)
            .await?
            .ok_or_else(|| Failure::not_found("person"))
    }

    async fn account(
        &self,
        wanted: Option<(Login, Password)>,
    ) -> Result<Option<NewAccount>, Failure> {
        let Some((login, password)) = wanted else {
            return Ok(None);
        };
        password.check_for(&login)?;
        // Refused before the hash is computed; the store refuses again if somebody is faster.
        if self.store.find_account(&login).await?.is_some() {
            return Err(crate::store::StoreError::LoginTaken.into());
        }
        let password_hash = self.passwords.hash(&password).await?;
        Ok(Some(NewAccount {
            login,
            password_hash,
        }))
    }
}

fn keyset(PersonKey { family, given, id }: PersonKey) -> Keyset {
    Keyset(vec![family, given, id])
}

fn school_key(keyset: Keyset) -> SchoolKey {
    let mut parts = keyset.0.into_iter();
    let mut part = || parts.next().unwrap_or_default();
    SchoolKey {
        name: part(),
        id: part(),
    }
}

fn person_key(keyset: Keyset) -> PersonKey {
    let mut parts = keyset.0.into_iter();
    let mut part = || parts.next().unwrap_or_default();
    PersonKey {
        family: part(),
        given: part(),
        id: part(),
    }
}
