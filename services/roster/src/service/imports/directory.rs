use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::PersonId;
use preau_mesh::{Call, Channel, own_request};
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::people_import_service_client::PeopleImportServiceClient;
use preau_rpc::convert::{wire_role, wire_time};
use preau_rpc::{failure_of, fields_of, reason_of};
use time::Date;
use tonic::{Code, Request, Status};

use crate::domain::oneroster::{ImportedPerson, ImportedRole};
use crate::domain::{Import, SourcedPerson};

/// People of one batch, and absent people of one: the contract allows 500 and 5000.
const BATCH: usize = 500;

/// The directory of people, which is identity's, as an import needs it.
#[derive(Clone)]
pub(crate) struct PeopleImport {
    client: PeopleImportServiceClient<Channel>,
}

/// What committing would do to the people of an import.
#[derive(Default)]
pub(super) struct Staged {
    pub(super) new: u32,
    pub(super) changed: u32,
    pub(super) unchanged: u32,
    /// Of the changed: whom people had created.
    pub(super) adopted: u32,
    /// Who administers the school by this and does not now.
    pub(super) administrators: u32,
    /// Of the absent.
    pub(super) disabled: u32,
    /// Who each person is, in their order.
    pub(super) who: Vec<PersonId>,
    pub(super) refused: Vec<Refused>,
}

/// Somebody whom the directory does not take.
pub(super) struct Refused {
    /// The place among the people.
    pub(super) person: usize,
    pub(super) reason: String,
    /// A field of the contract's `ImportedPerson`.
    pub(super) field: String,
    pub(super) message: String,
}

/// How a commit ended.
pub(super) enum Committed {
    Done,
    /// Not done and never will be.
    Refused(RefusedCommit),
}

/// Why a commit was refused: the directory's reason and words.
pub(super) struct RefusedCommit {
    pub(super) reason: String,
    pub(super) message: String,
    /// Those it named, as many as it names; empty when it is about nobody.
    pub(super) people: Vec<RefusedPerson>,
}

/// One of them.
pub(super) struct RefusedPerson {
    /// The id that the directory was asked for; `None`: about several.
    pub(super) person: Option<PersonId>,
    /// A field of the contract's `ImportedPerson`.
    pub(super) field: String,
    pub(super) reason: String,
    pub(super) message: String,
}

impl PeopleImport {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: PeopleImportServiceClient::new(channel),
        }
    }

    /// Has the directory keep everybody aside, on the caller's behalf. `ids` stand beside `people`.
    pub(super) async fn stage(
        &self,
        call: &Call,
        import: &Import,
        people: &[ImportedPerson],
        ids: &[SourcedPerson],
        absent: &[PersonId],
    ) -> Result<Staged, Failure> {
        let batches = people
            .len()
            .div_ceil(BATCH)
            .max(absent.len().div_ceil(BATCH))
            .max(1);
        let mut staged = Staged::default();
        for batch in 0..batches {
            let here = || chunk(people.len(), batch);
            let request = wire::StagePeopleRequest {
                import_id: import.id.to_string(),
                school_id: import.school.id.to_string(),
                batch: u32::try_from(batch).unwrap_or(u32::MAX),
                people: people
                    .get(here())
                    .unwrap_or_default()
                    .iter()
                    .zip(ids.get(here()).unwrap_or_default())
                    .map(|(person, id)| wire_person(person, id))
                    .collect(),
                absent_person_ids: absent
                    .get(chunk(absent.len(), batch))
                    .unwrap_or_default()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            };
            let asked = request.people.len();
            let answer = self
                .client
                .clone()
                .stage_people(call.request(request))
                .await;
            let answer = answer.map_err(|status| not_staged(&status))?.into_inner();
            if answer.people.len() != asked {
                let text = format!(
                    "identity answered {} of {asked} people",
                    answer.people.len()
                );
                return Err(Failure::internal(text));
            }
            staged.disabled += answer.disabled;
            for (place, person) in (here().start..).zip(answer.people) {
                staged.take(place, person)?;
            }
        }
        Ok(staged)
    }

    /// Has the directory take over what was staged, because of the call that applies the import.
    pub(super) async fn commit(&self, call: &Call, import: &Import) -> Result<Committed, Failure> {
        self.send_commit(call.detached_request(commit_request(import)))
            .await
    }

    /// The same, because nobody did it before.
    pub(super) async fn commit_alone(&self, import: &Import) -> Result<Committed, Failure> {
        self.send_commit(own_request(commit_request(import))).await
    }

    async fn send_commit(
        &self,
        request: Request<wire::CommitPeopleRequest>,
    ) -> Result<Committed, Failure> {
        let Err(status) = self.client.clone().commit_people(request).await else {
            return Ok(Committed::Done);
        };
        match status.code() {
            Code::NotFound
            | Code::InvalidArgument
            | Code::AlreadyExists
            | Code::FailedPrecondition => Ok(Committed::Refused(RefusedCommit::of(&status))),
            _ => Err(failure_of("identity", &status)),
        }
    }

    /// Has the directory forget what was staged. It matters to nobody when it cannot: nothing commits it.
    pub(super) async fn abort(&self, call: &Call, import: &Import) {
        let request = call.detached_request(wire::AbortPeopleRequest {
            import_id: import.id.to_string(),
        });
        if let Err(status) = self.client.clone().abort_people(request).await {
            tracing::debug!(import = %import.id, code = ?status.code(), "staged people were not dropped");
        }
    }
}

impl RefusedCommit {
    fn of(status: &Status) -> Self {
        let reason = reason_of(status).unwrap_or_else(|| "PEOPLE_REFUSED".to_owned());
        let people = fields_of(status)
            .into_iter()
            .map(|(field, problem)| refused_person(&field, &problem, &reason));
        Self {
            people: people.collect(),
            message: status.message().to_owned(),
            reason,
        }
    }
}

/// `people[<person_id>].<field>` and `<REASON>: <words>`, as the directory names somebody.
fn refused_person(field: &str, problem: &str, reason: &str) -> RefusedPerson {
    let inner = field.strip_prefix("people[");
    let (person, field) = inner
        .and_then(|inner| inner.split_once("]."))
        .unwrap_or_default();
    let (reason, message) = problem.split_once(": ").unwrap_or((reason, problem));
    RefusedPerson {
        person: person.parse().ok(),
        field: field.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

impl Staged {
    fn take(&mut self, place: usize, person: wire::StagedPerson) -> Result<(), Failure> {
        let broken = |what: &dyn std::fmt::Display| {
            Failure::internal(format!("identity's answer about a person: {what}"))
        };
        self.adopted += u32::from(person.outcome() == wire::StagedOutcome::Adopted);
        self.administrators += u32::from(person.becomes_administrator);
        self.disabled += u32::from(person.becomes_disabled);
        let id = || person.person_id.parse().map_err(|error| broken(&error));
        let count = match person.outcome() {
            wire::StagedOutcome::New => &mut self.new,
            wire::StagedOutcome::Changed | wire::StagedOutcome::Adopted => &mut self.changed,
            wire::StagedOutcome::Unchanged => &mut self.unchanged,
            wire::StagedOutcome::Refused => {
                self.refused.push(Refused {
                    person: place,
                    reason: person.reason,
                    field: person.field,
                    message: person.message,
                });
                return Ok(());
            }
            wire::StagedOutcome::Unspecified => return Err(broken(&"no outcome")),
        };
        *count += 1;
        self.who.push(id()?);
        Ok(())
    }
}

/// The directory keeps one administrator's people of an import at a time.
fn not_staged(status: &Status) -> Failure {
    if status.code() != Code::FailedPrecondition {
        return failure_of("identity", status);
    }
    let text = "somebody else is validating the import at this moment: validate it again";
    Failure::new(Kind::Aborted, "IMPORT_STAGED_ELSEWHERE", text).because(status.message())
}

fn chunk(length: usize, batch: usize) -> std::ops::Range<usize> {
    let start = (batch * BATCH).min(length);
    start..(start + BATCH).min(length)
}

fn commit_request(import: &Import) -> wire::CommitPeopleRequest {
    wire::CommitPeopleRequest {
        import_id: import.id.to_string(),
    }
}

fn wire_person(person: &ImportedPerson, id: &SourcedPerson) -> wire::ImportedPerson {
    wire::ImportedPerson {
        person_id: id.person.to_string(),
        given_name: person.given_name.to_string(),
        family_name: person.family_name.to_string(),
        login: person.login.to_string(),
        enabled: person.enabled,
        roles: person.roles.iter().map(role).collect(),
    }
}

fn role(held: &ImportedRole) -> wire::ImportedRole {
    wire::ImportedRole {
        role: wire_role(held.role).into(),
        begins_at: held.period.begins.map(midnight),
        ends_at: held.period.ends.map(midnight),
    }
}

fn midnight(day: Date) -> prost_types::Timestamp {
    let micros = day
        .midnight()
        .assume_utc()
        .unix_timestamp()
        .saturating_mul(1_000_000);
    wire_time(preau_kernel::clock::Timestamp(micros))
}
