//! Classes and enrolments.

use anyhow::Context as _;
use preau_harness::Caller;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_proto::roster::v1::{
    CreateClassRequest, EnrolRequest, GetClassRequest, GetMembershipRequest, ListClassesRequest,
    ListMembersRequest, ListMyClassesRequest, Part, UnenrolRequest,
};
use tonic::Status;

use super::directory::pupil_here;
use super::{Cast, missing};

pub(super) async fn call(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut classes = ClassServiceClient::new(caller);
    let class_id = cast.class.id.clone();
    let school_id = cast.here.id.clone();
    Ok(match method {
        "CreateClass" => {
            let request = CreateClassRequest {
                school_id,
                name: format!("Classe {n}"),
                main_teacher_id: cast.class.teacher.id().to_owned(),
            };
            classes.create_class(request).await.map(drop)
        }
        "GetClass" => classes
            .get_class(GetClassRequest { class_id })
            .await
            .map(drop),
        "ListMyClasses" => classes
            .list_my_classes(ListMyClassesRequest {})
            .await
            .map(drop),
        "ListClasses" => {
            let request = ListClassesRequest {
                school_id,
                ..Default::default()
            };
            classes.list_classes(request).await.map(drop)
        }
        "Enrol" => classes.enrol(somebody(cast, n).await?).await.map(drop),
        "Unenrol" => {
            let enrolled = somebody(cast, n).await?;
            cast.root.classes().enrol(enrolled.clone()).await?;
            let person_id = enrolled.person_id;
            let request = UnenrolRequest {
                class_id,
                person_id,
            };
            classes.unenrol(request).await.map(drop)
        }
        "ListMembers" => {
            let request = ListMembersRequest {
                class_id,
                ..Default::default()
            };
            classes.list_members(request).await.map(drop)
        }
        "GetMembership" => {
            let person_id = cast.class.pupil.id().to_owned();
            let request = GetMembershipRequest {
                class_id,
                person_id,
            };
            classes.get_membership(request).await.map(drop)
        }
        other => return missing(other),
    })
}

/// A new pupil of the school, to be enrolled.
async fn somebody(cast: &Cast, n: usize) -> anyhow::Result<EnrolRequest> {
    let request = pupil_here(cast, n);
    let person = cast
        .root
        .directory()
        .create_person(request)
        .await?
        .into_inner()
        .person;
    Ok(EnrolRequest {
        class_id: cast.class.id.clone(),
        person_id: person.context("a person")?.person_id,
        part: Part::Student.into(),
    })
}
