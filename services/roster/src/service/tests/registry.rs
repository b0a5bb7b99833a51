//! Identity's half of an import, as small as the contract allows: what is staged, and whom committing has made.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use preau_kernel::access::Facts;
use preau_kernel::failure::{Failure, Kind};
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::people_import_service_server::PeopleImportService;
use preau_proto::policy::v1::Role;
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

use crate::domain::School;

#[derive(Clone, Default)]
pub(super) struct TestRegistry {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(super) struct State {
    schools: HashMap<String, School>,
    /// By id; only logins and whether they may sign in matter here.
    pub(super) people: BTreeMap<String, wire::ImportedPerson>,
    /// People whom no import has named.
    by_hand: HashSet<String>,
    staged: HashMap<String, BTreeMap<u32, Batch>>,
    committed: HashSet<String>,
    /// Batches that were staged, ever.
    pub(super) stagings: u32,
    /// How often a commit shall answer UNAVAILABLE without doing anything.
    pub(super) unavailable: u32,
    /// How often a commit shall be done and its answer lost.
    pub(super) lost_answers: u32,
    /// Whether commits shall be refused: the login of whom they shall be refused for.
    pub(super) refuses: Option<String>,
    /// The login of whom no file may disable.
    pub(super) spares: Option<String>,
}

#[derive(Clone)]
struct Batch {
    people: Vec<wire::ImportedPerson>,
    absent: Vec<String>,
}

impl TestRegistry {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn add_school(&self, school: School) {
        self.state().schools.insert(school.id.to_string(), school);
    }

    /// Somebody whom an administrator made.
    pub(super) fn add_by_hand(&self, id: &str, login: &str) {
        let person = wire::ImportedPerson {
            person_id: id.to_owned(),
            login: login.to_owned(),
            enabled: true,
            ..wire::ImportedPerson::default()
        };
        let mut state = self.state();
        state.by_hand.insert(id.to_owned());
        state.people.insert(id.to_owned(), person);
    }

    /// Forgets what was staged, as a restored backup would have.
    pub(super) fn lose_staged(&self) {
        self.state().staged.clear();
    }

    /// Forgets whoever has a login.
    pub(super) fn forget(&self, login: &str) {
        let mut state = self.state();
        state.people.retain(|_, person| person.login != login);
    }

    /// The id of whoever has a login, and whether they may sign in.
    pub(super) fn who(&self, login: &str) -> Option<(String, bool)> {
        let state = self.state();
        let found = state.people.values().find(|person| person.login == login)?;
        Some((found.person_id.clone(), found.enabled))
    }
}

impl State {
    fn stage(&mut self, request: wire::StagePeopleRequest) -> wire::StagePeopleResponse {
        self.stagings += 1;
        let batches = self.staged.entry(request.import_id).or_default();
        if request.batch == 0 {
            batches.clear();
        }
        assert!(request.people.len() <= 500 && request.absent_person_ids.len() <= 5000);
        let mut batch = Batch {
            people: request.people,
            absent: request.absent_person_ids,
        };
        let is_enabled = |id: &&String| self.people.get(*id).is_some_and(|person| person.enabled);
        let disabled = batch.absent.iter().filter(is_enabled).count() as u32;
        let outcomes = batch
            .people
            .iter_mut()
            .map(|person| outcome(&self.people, &self.by_hand, self.spares.as_ref(), person))
            .collect();
        batches.insert(request.batch, batch);
        wire::StagePeopleResponse {
            people: outcomes,
            disabled,
        }
    }

    /// A refusal that names the staged person with this login, and says that there are more.
    fn refusal(&self, import: &str, login: &str) -> Failure {
        let batches = self
            .staged
            .get(import)
            .into_iter()
            .flat_map(BTreeMap::values);
        let mut people = batches.flat_map(|batch| &batch.people);
        let named = people.find(|person| person.login == login).unwrap();
        let text = "the school has changed: check the file again";
        Failure::new(Kind::FailedPrecondition, "IMPORT_REFUSED", text)
            .field(
                &format!("people[{}].login", named.person_id),
                "LOGIN_TAKEN: somebody took this login: change it",
            )
            .field("people", "IMPORT_REFUSED: 3 more: check the file again")
    }

    fn commit(&mut self, import: &str) -> Result<(), Failure> {
        if self.unavailable > 0 {
            self.unavailable -= 1;
            return Err(Failure::new(
                Kind::Unavailable,
                "DOWN",
                "identity is away: try again",
            ));
        }
        if let Some(login) = &self.refuses {
            return Err(self.refusal(import, login));
        }
        if !self.committed.contains(import) {
            let batches = self
                .staged
                .remove(import)
                .ok_or_else(|| Failure::not_found("import"))?;
            for batch in batches.into_values() {
                for id in batch.absent {
                    if let Some(person) = self.people.get_mut(&id) {
                        person.enabled = false;
                    }
                }
                for person in batch.people {
                    self.by_hand.remove(&person.person_id);
                    self.people.insert(person.person_id.clone(), person);
                }
            }
            self.committed.insert(import.to_owned());
        }
        if self.lost_answers > 0 {
            self.lost_answers -= 1;
            return Err(Failure::new(
                Kind::Unavailable,
                "DOWN",
                "identity went away: try again",
            ));
        }
        Ok(())
    }
}

/// What committing would do to one person, who becomes the one that has the login already where that is allowed.
fn outcome(
    people: &BTreeMap<String, wire::ImportedPerson>,
    by_hand: &HashSet<String>,
    spared: Option<&String>,
    person: &mut wire::ImportedPerson,
) -> wire::StagedPerson {
    let mut answer = wire::StagedPerson {
        person_id: person.person_id.clone(),
        ..wire::StagedPerson::default()
    };
    let holder = people.values().find(|known| known.login == person.login);
    let outcome = match (people.get(&person.person_id), holder) {
        (_, Some(holder)) if holder.person_id != person.person_id => {
            if by_hand.contains(&holder.person_id) {
                person.person_id = holder.person_id.clone();
                answer.person_id = holder.person_id.clone();
                wire::StagedOutcome::Adopted
            } else {
                answer.reason = "LOGIN_TAKEN".into();
                answer.field = "login".into();
                answer.message = "somebody else has this login: give another one".into();
                wire::StagedOutcome::Refused
            }
        }
        (None, _) => wire::StagedOutcome::New,
        (Some(known), _) if known == person => wire::StagedOutcome::Unchanged,
        (Some(_), _) => wire::StagedOutcome::Changed,
    };
    let is_administrator =
        |roles: &[wire::ImportedRole]| roles.iter().any(|held| held.role() == Role::SchoolAdmin);
    let known = people.get(&answer.person_id);
    answer.becomes_administrator = is_administrator(&person.roles)
        && !known.is_some_and(|known| is_administrator(&known.roles));
    answer.becomes_disabled = !person.enabled
        && known.is_some_and(|known| known.enabled)
        && spared != Some(&person.login);
    answer.set_outcome(outcome);
    answer
}

#[tonic::async_trait]
impl PeopleImportService for TestRegistry {
    async fn stage_people(
        &self,
        request: Request<wire::StagePeopleRequest>,
    ) -> Result<Response<wire::StagePeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let staged = (|| {
            let caller = incoming.caller()?;
            let request = request.into_inner();
            let mut state = self.state();
            let school = state.schools.get(&request.school_id).copied();
            let school = school.ok_or_else(|| Failure::not_found("school"))?;
            let facts = Facts {
                school: Some(school.id),
                authority: Some(school.authority),
                ..Facts::default()
            };
            caller.authorize_hidden("school", &facts, ())?;
            Ok::<_, Failure>(state.stage(request))
        })();
        incoming.answer(staged)
    }

    async fn commit_people(
        &self,
        request: Request<wire::CommitPeopleRequest>,
    ) -> Result<Response<wire::CommitPeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let committed = self.state().commit(&request.get_ref().import_id);
        incoming.answer(committed.map(|()| wire::CommitPeopleResponse::default()))
    }

    async fn abort_people(
        &self,
        request: Request<wire::AbortPeopleRequest>,
    ) -> Result<Response<wire::AbortPeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        self.state().staged.remove(&request.get_ref().import_id);
        incoming.answer(Ok::<_, Failure>(wire::AbortPeopleResponse {}))
    }
}
