use preau_kernel::clock::Timestamp;
use preau_kernel::failure::{Failure, Kind};
use preau_kernel::ids::{PersonId, SchoolId};
use preau_mesh::{Call, Channel};
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::scope::On;
use preau_proto::identity::v1::{GetPersonRequest, Grant, Person};
use preau_rpc::{convert, failure_of};
use tonic::Code;

/// The directory of people, which is identity's: asked on behalf of the caller, who learns no more than identity tells.
#[derive(Clone)]
pub(crate) struct People {
    client: DirectoryServiceClient<Channel>,
}

impl People {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            client: DirectoryServiceClient::new(channel),
        }
    }

    /// Makes sure that a person exists and belongs to a school: it is theirs, or they hold a role there.
    ///
    /// # Errors
    /// NOT_FOUND of a person whom the caller may not know of; PERSON_ELSEWHERE.
    pub(crate) async fn belongs(
        &self,
        call: &Call,
        person: PersonId,
        school: SchoolId,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let request = call.request(GetPersonRequest {
            person_id: person.to_string(),
        });
        let response = self.client.clone().get_person(request).await;
        let found = response.map_err(|status| match status.code() {
            Code::NotFound | Code::PermissionDenied => Failure::not_found("person"),
            _ => failure_of("identity", &status),
        })?;
        let found = found.into_inner().person.unwrap_or_default();
        if is_of(&found, &school.to_string(), now) {
            Ok(())
        } else {
            Err(elsewhere())
        }
    }
}

fn is_of(person: &Person, school: &str, now: Timestamp) -> bool {
    let ends = |grant: &Grant| {
        let ends_at = grant.ends_at.as_ref()?;
        convert::time("ends_at", ends_at).ok()
    };
    let holds_role_there = |grant: &Grant| {
        let scope = grant.scope.as_ref().and_then(|scope| scope.on.as_ref());
        scope == Some(&On::SchoolId(school.to_owned())) && ends(grant).is_none_or(|end| now < end)
    };
    person.school_id == school || person.grants.iter().any(holds_role_there)
}

fn elsewhere() -> Failure {
    let text = "the person belongs to another school than the class: \
                enrol somebody of the school, or give the person a role there first";
    Failure::new(Kind::FailedPrecondition, "PERSON_ELSEWHERE", text)
}

#[cfg(test)]
mod tests {
    use preau_kernel::clock::Timestamp;
    use preau_proto::identity::v1::Scope;
    use preau_rpc::convert::wire_time;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    fn person(school: &str, grants: &[(&str, Option<Timestamp>)]) -> Person {
        let grant = |(school, end): &(&str, Option<Timestamp>)| Grant {
            scope: Some(Scope {
                on: Some(On::SchoolId((*school).to_owned())),
            }),
            ends_at: end.map(wire_time),
            ..Grant::default()
        };
        Person {
            school_id: school.to_owned(),
            grants: grants.iter().map(grant).collect(),
            ..Person::default()
        }
    }

    #[test]
    fn a_person_is_of_their_own_school_and_of_where_they_hold_a_role() {
        assert!(is_of(&person("here", &[]), "here", NOW));
        assert!(is_of(&person("there", &[("here", None)]), "here", NOW));
        assert!(!is_of(&person("there", &[("there", None)]), "here", NOW));
        assert!(!is_of(&person("", &[]), "here", NOW));
    }

    #[test]
    fn a_role_that_has_ended_holds_nobody() {
        let until = |end| person("there", &[("here", Some(end))]);
        assert!(!is_of(&until(NOW), "here", NOW));
        assert!(is_of(&until(Timestamp(NOW.0 + 1)), "here", NOW));
    }
}
