use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use preau_kernel::access::Authorized;
use preau_kernel::clock::Timestamp;
use preau_kernel::ids::{ClassId, ImportId, PersonId};
use preau_kernel::uai::Uai;
use preau_rpc::Incoming;
use time::{Date, OffsetDateTime};

use super::Imports;
use super::directory::{Refused, Staged};
use super::refusals::UsersRow;
use crate::domain::oneroster::{
    self, CLASSES, Expected, ImportedPerson, Place, Problems, Reason, SchoolRoster,
};
use crate::domain::{
    Import, ImportRefusal, Member, PlannedClass, PlannedPerson, SourcedPerson, Summary,
};
use crate::error::Error;
use crate::store::{Plan, Planned};

impl Imports {
    /// Reads the whole zip, for whoever began the import, and keeps what is wrong with it, or what applying it would
    /// change.
    pub(crate) async fn validate(
        &self,
        incoming: &Incoming,
        import: ImportId,
    ) -> Result<Import, Error> {
        let import = self.reach_own(incoming, import).await?;
        if !import.get().state.is_open() {
            return Err(ImportRefusal::Decided.into());
        }
        import.get().check_not_replaced()?;
        let validated = Box::pin(self.validate_open(incoming, &import)).await;
        self.unless_replaced(import.get().id, validated).await?;
        self.again(import).await
    }

    async fn validate_open(
        &self,
        incoming: &Incoming,
        import: &Authorized<Import>,
    ) -> Result<(), Error> {
        let generation = self.store.start_validation(import).await?;
        let missing = self.store.missing_parts(import.get()).await?;
        if let Some(first) = missing.first() {
            let (count, first) = (missing.len(), *first);
            return Err(ImportRefusal::PartsMissing { count, first }.into());
        }
        let uai = self
            .schools
            .uai(incoming.call(), import.get().school.id)
            .await?;
        let found = match self.read(import, uai).await? {
            Ok(roster) => Box::pin(self.plan(incoming, import, generation, &roster)).await?,
            Err(problems) => problems,
        };
        if !found.is_empty() {
            let count = found.count();
            self.store
                .save_problems(import, &found.sorted(), count)
                .await?;
            self.directory.abort(incoming.call(), import.get()).await;
        }
        Ok(())
    }

    /// Reads the zip where it blocks nobody.
    async fn read(
        &self,
        import: &Authorized<Import>,
        uai: Uai,
    ) -> Result<Result<SchoolRoster, Problems>, Error> {
        let _permit = Arc::clone(&self.reading)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let zip = self.store.zip(import).await?;
        let expected = Expected {
            uai,
            today: today(self.clock.now()),
        };
        tokio::task::spawn_blocking(move || oneroster::read(&zip, &expected))
            .await
            .map_err(Error::Reading)
    }

    /// Has the directory check the people and keeps what the import will write; answers what is wrong after all.
    async fn plan(
        &self,
        incoming: &Incoming,
        import: &Authorized<Import>,
        generation: i64,
        roster: &SchoolRoster,
    ) -> Result<Problems, Error> {
        let known = self.store.sourced_people(import).await?;
        let mut people = identify(&known, &roster.people);
        let asked = self.store.remember_people(import, &people).await?;
        for person in &mut people {
            if let Some(id) = asked.get(&person.sourced_id) {
                person.person = *id;
            }
        }
        let absent = absent(&known, &people);
        let staged = self
            .directory
            .stage(
                incoming.call(),
                import.get(),
                &roster.people,
                &people,
                &absent,
            )
            .await?;
        if !staged.refused.is_empty() {
            return Ok(refusals(&staged.refused, &roster.people));
        }
        for (person, who) in people.iter_mut().zip(&staged.who) {
            person.person = *who;
        }
        let summary = summarize(&staged, &known, roster);
        let plan = plan_of(roster, people);
        match self
            .store
            .save_plan(import, generation, &plan, summary)
            .await?
        {
            Planned::Ready => Ok(Problems::default()),
            Planned::NamesTaken(places) => Ok(names_taken(&places, roster)),
        }
    }
}

/// The day, in UTC: French schools change theirs while nobody imports.
fn today(now: Timestamp) -> Date {
    OffsetDateTime::from_unix_timestamp(now.seconds_and_nanos().0)
        .map_or(OffsetDateTime::UNIX_EPOCH.date(), OffsetDateTime::date)
}

/// Gives everybody of the file the id by which an earlier import knew them, or a new one.
fn identify(known: &[SourcedPerson], people: &[ImportedPerson]) -> Vec<SourcedPerson> {
    let known: HashMap<&str, PersonId> = known
        .iter()
        .map(|person| (&*person.sourced_id, person.person))
        .collect();
    people
        .iter()
        .map(|person| SourcedPerson {
            sourced_id: person.sourced_id.clone(),
            person: known
                .get(&*person.sourced_id)
                .copied()
                .unwrap_or_else(PersonId::new),
            enabled: person.enabled,
        })
        .collect()
}

/// Those whom earlier imports named and this one does not, each once.
fn absent(known: &[SourcedPerson], people: &[SourcedPerson]) -> Vec<PersonId> {
    let here: HashSet<PersonId> = people.iter().map(|person| person.person).collect();
    let gone: HashSet<PersonId> = known
        .iter()
        .map(|person| person.person)
        .filter(|person| !here.contains(person))
        .collect();
    let mut gone: Vec<PersonId> = gone.into_iter().collect();
    gone.sort();
    gone
}

fn summarize(staged: &Staged, known: &[SourcedPerson], roster: &SchoolRoster) -> Summary {
    let enabled: HashSet<PersonId> = known
        .iter()
        .filter(|person| person.enabled)
        .map(|person| person.person)
        .collect();
    let enabled = u32::try_from(enabled.len()).unwrap_or(u32::MAX);
    Summary {
        people_new: staged.new,
        people_changed: staged.changed,
        people_unchanged: staged.unchanged,
        people_disabled: staged.disabled,
        people_without_role: roster.people_without_role,
        needs_confirmation: Summary::is_suspicious(staged.disabled, enabled),
        people_adopted: staged.adopted,
        administrators_new: staged.administrators,
        ..Summary::default()
    }
}

fn plan_of(roster: &SchoolRoster, people: Vec<SourcedPerson>) -> Plan {
    let who = |place: usize| people.get(place).map(|person| person.person);
    let classes = roster
        .classes
        .iter()
        .filter_map(|class| {
            Some(PlannedClass {
                sourced_id: class.sourced_id.clone(),
                id: ClassId::new(),
                name: class.name.clone(),
                main_teacher: who(class.main_teacher)?,
            })
        })
        .collect();
    let members = roster
        .enrolments
        .iter()
        .filter_map(|enrolment| {
            let member = Member {
                person: who(enrolment.person)?,
                part: enrolment.part,
            };
            Some((enrolment.class, member))
        })
        .collect();
    let people = people.into_iter().zip(&roster.people);
    let people = people.map(|(who, told)| PlannedPerson {
        who,
        line: told.line,
        login: told.login.clone(),
    });
    Plan {
        people: people.collect(),
        classes,
        members,
    }
}

/// What the directory refuses, where the file has it.
fn refusals(refused: &[Refused], people: &[ImportedPerson]) -> Problems {
    let mut problems = Problems::default();
    for refusal in refused {
        let Some(person) = people.get(refusal.person) else {
            continue;
        };
        let place = UsersRow::read(person).place(&refusal.field);
        problems.add_foreign(place, &refusal.reason, &refusal.message);
    }
    problems
}

fn names_taken(places: &[usize], roster: &SchoolRoster) -> Problems {
    let mut problems = Problems::default();
    for class in places.iter().filter_map(|place| roster.classes.get(*place)) {
        let place = Place::file(CLASSES)
            .line(class.line)
            .column("title", class.name.as_str());
        let text = "another class of the school has this name already, and this one is known by its sourcedId: \
                    give it another title";
        problems.add(place, Reason::ClassNameTaken, text);
    }
    problems
}
