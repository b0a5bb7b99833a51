//! Authorities, schools, people, grants.

use anyhow::Context as _;
use preau_harness::Caller;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::{
    CreateAuthorityRequest, CreatePersonRequest, CreateSchoolRequest, GetMeRequest,
    GetPeopleRequest, GetPersonRequest, GetSchoolRequest, GrantRoleRequest,
    IssueFirstUseCodesRequest, ListPeopleRequest, ListSchoolsRequest, RevokeRoleRequest, Scope,
    scope::On,
};
use preau_proto::policy::v1::Role;
use tonic::Status;

use super::{Cast, missing};

pub(super) async fn call(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut directory = DirectoryServiceClient::new(caller);
    let school_id = cast.here.id.clone();
    let person_id = cast.class.pupil.id().to_owned();
    Ok(match method {
        "CreateAuthority" => {
            let name = format!("Région {n}");
            let request = CreateAuthorityRequest { name };
            directory.create_authority(request).await.map(drop)
        }
        "CreateSchool" => {
            let request = CreateSchoolRequest {
                authority_id: cast.here.authority_id.clone(),
                uai: uai(n),
                name: format!("Lycée {n}"),
            };
            directory.create_school(request).await.map(drop)
        }
        "GetSchool" => {
            let request = GetSchoolRequest { school_id };
            directory.get_school(request).await.map(drop)
        }
        "ListSchools" => {
            let request = ListSchoolsRequest::default();
            directory.list_schools(request).await.map(drop)
        }
        "IssueFirstUseCodes" => {
            let request = IssueFirstUseCodesRequest {
                school_id,
                person_ids: vec![person_id],
                reset: false,
            };
            directory.issue_first_use_codes(request).await.map(drop)
        }
        "CreatePerson" => directory.create_person(pupil_here(cast, n)).await.map(drop),
        "GetPerson" => {
            let request = GetPersonRequest { person_id };
            directory.get_person(request).await.map(drop)
        }
        "GetMe" => directory.get_me(GetMeRequest {}).await.map(drop),
        "GetPeople" => {
            let person_ids = vec![person_id];
            let request = GetPeopleRequest {
                school_id,
                person_ids,
            };
            directory.get_people(request).await.map(drop)
        }
        "ListPeople" => {
            let request = ListPeopleRequest {
                school_id,
                ..Default::default()
            };
            directory.list_people(request).await.map(drop)
        }
        "GrantRole" => directory
            .grant_role(teacher_here(cast, n).await?)
            .await
            .map(drop),
        "RevokeRole" => {
            let request = teacher_here(cast, n).await?;
            let granted = cast
                .root
                .directory()
                .grant_role(request)
                .await?
                .into_inner();
            let grant_id = granted.grant.context("a grant")?.grant_id;
            let request = RevokeRoleRequest { grant_id };
            directory.revoke_role(request).await.map(drop)
        }
        other => return missing(other),
    })
}

/// Somebody new, without an account.
pub(super) fn pupil_here(cast: &Cast, n: usize) -> CreatePersonRequest {
    CreatePersonRequest {
        school_id: cast.here.id.clone(),
        given_name: "Prénom".into(),
        family_name: format!("Nom {n}"),
        role: Role::Student.into(),
        ..Default::default()
    }
}

/// A teacher's grant here for somebody new who is nothing but a pupil.
async fn teacher_here(cast: &Cast, n: usize) -> anyhow::Result<GrantRoleRequest> {
    let request = pupil_here(cast, n);
    let person = cast
        .root
        .directory()
        .create_person(request)
        .await?
        .into_inner()
        .person;
    Ok(GrantRoleRequest {
        person_id: person.context("a person")?.person_id,
        role: Role::Teacher.into(),
        scope: Some(Scope {
            on: Some(On::SchoolId(cast.here.id.clone())),
        }),
        ..Default::default()
    })
}

/// A valid number of a school that no other cell uses.
fn uai(n: usize) -> String {
    const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
    let digits = 750_000 + n;
    format!("{digits:07}{}", char::from(LETTERS[digits % 23]))
}
