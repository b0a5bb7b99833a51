//! A roster in which everybody teaches every class: what the files service asks before it lets anybody in.

use preau_proto::roster::v1 as wire;
use preau_proto::roster::v1::class_service_server::ClassService;
use tonic::{Request, Response, Status};

pub(crate) struct EverybodyTeaches {
    pub(crate) class: wire::Class,
}

/// The rest of the trait: what a benchmark of bytes never calls.
fn not_needed<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("not needed by the benchmark"))
}

#[tonic::async_trait]
impl ClassService for EverybodyTeaches {
    async fn list_my_classes(
        &self,
        request: Request<wire::ListMyClassesRequest>,
    ) -> Result<Response<wire::ListMyClassesResponse>, Status> {
        preau_mesh::Call::of(&request)?.admission().discharge();
        let mine = wire::list_my_classes_response::MyClass {
            class: Some(self.class.clone()),
            part: wire::Part::Teacher.into(),
        };
        Ok(Response::new(wire::ListMyClassesResponse {
            classes: vec![mine],
        }))
    }

    async fn get_membership(
        &self,
        _: Request<wire::GetMembershipRequest>,
    ) -> Result<Response<wire::GetMembershipResponse>, Status> {
        Ok(Response::new(wire::GetMembershipResponse {
            part: wire::Part::Teacher.into(),
            school_id: self.class.school_id.clone(),
            authority_id: self.class.authority_id.clone(),
        }))
    }

    async fn create_class(
        &self,
        _: Request<wire::CreateClassRequest>,
    ) -> Result<Response<wire::CreateClassResponse>, Status> {
        not_needed()
    }

    async fn get_class(
        &self,
        _: Request<wire::GetClassRequest>,
    ) -> Result<Response<wire::GetClassResponse>, Status> {
        not_needed()
    }

    async fn list_classes(
        &self,
        _: Request<wire::ListClassesRequest>,
    ) -> Result<Response<wire::ListClassesResponse>, Status> {
        not_needed()
    }

    async fn enrol(
        &self,
        _: Request<wire::EnrolRequest>,
    ) -> Result<Response<wire::EnrolResponse>, Status> {
        not_needed()
    }

    async fn unenrol(
        &self,
        _: Request<wire::UnenrolRequest>,
    ) -> Result<Response<wire::UnenrolResponse>, Status> {
        not_needed()
    }

    async fn list_members(
        &self,
        _: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        not_needed()
    }
}
