//! A directory that knows two schools, behind the contract's own service.

use preau_kernel::failure::Failure;
use preau_mesh::RoleServer;
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::directory_service_server::{
    DirectoryService, DirectoryServiceServer,
};
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

use crate::domain::School;

#[derive(Clone)]
pub(super) struct TestDirectory([School; 2]);

impl TestDirectory {
    pub(super) fn new(schools: [School; 2]) -> Self {
        Self(schools)
    }

    pub(super) fn server(&self) -> RoleServer {
        RoleServer::new("identity").add_service(DirectoryServiceServer::new(self.clone()))
    }

    /// As identity does it: a school that the caller may not know of is none.
    fn find(&self, incoming: &Incoming, id: &str) -> Result<School, Failure> {
        let caller = incoming.caller()?;
        let found = self.0.iter().find(|school| school.id.to_string() == id);
        let school = found.ok_or_else(|| Failure::not_found("school"))?;
        let school = caller.authorize_hidden("school", &school.facts(), *school)?;
        Ok(school.into_inner())
    }
}

#[tonic::async_trait]
impl DirectoryService for TestDirectory {
    async fn get_school(
        &self,
        request: Request<wire::GetSchoolRequest>,
    ) -> Result<Response<wire::GetSchoolResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let school = self.find(&incoming, &request.get_ref().school_id);
        incoming.answer(school.map(|school| wire::GetSchoolResponse {
            school: Some(wire::School {
                school_id: school.id.to_string(),
                authority_id: school.authority.to_string(),
                ..wire::School::default()
            }),
        }))
    }

    async fn create_authority(
        &self,
        _: Request<wire::CreateAuthorityRequest>,
    ) -> Result<Response<wire::CreateAuthorityResponse>, Status> {
        Err(not_asked_here())
    }

    async fn create_school(
        &self,
        _: Request<wire::CreateSchoolRequest>,
    ) -> Result<Response<wire::CreateSchoolResponse>, Status> {
        Err(not_asked_here())
    }

    async fn list_schools(
        &self,
        _: Request<wire::ListSchoolsRequest>,
    ) -> Result<Response<wire::ListSchoolsResponse>, Status> {
        Err(not_asked_here())
    }

    async fn issue_first_use_codes(
        &self,
        _: Request<wire::IssueFirstUseCodesRequest>,
    ) -> Result<Response<wire::IssueFirstUseCodesResponse>, Status> {
        Err(not_asked_here())
    }

    async fn create_person(
        &self,
        _: Request<wire::CreatePersonRequest>,
    ) -> Result<Response<wire::CreatePersonResponse>, Status> {
        Err(not_asked_here())
    }

    async fn get_person(
        &self,
        _: Request<wire::GetPersonRequest>,
    ) -> Result<Response<wire::GetPersonResponse>, Status> {
        Err(not_asked_here())
    }

    async fn get_me(
        &self,
        _: Request<wire::GetMeRequest>,
    ) -> Result<Response<wire::GetMeResponse>, Status> {
        Err(not_asked_here())
    }

    async fn list_people(
        &self,
        _: Request<wire::ListPeopleRequest>,
    ) -> Result<Response<wire::ListPeopleResponse>, Status> {
        Err(not_asked_here())
    }

    async fn get_people(
        &self,
        _: Request<wire::GetPeopleRequest>,
    ) -> Result<Response<wire::GetPeopleResponse>, Status> {
        Err(not_asked_here())
    }

    async fn grant_role(
        &self,
        _: Request<wire::GrantRoleRequest>,
    ) -> Result<Response<wire::GrantRoleResponse>, Status> {
        Err(not_asked_here())
    }

    async fn revoke_role(
        &self,
        _: Request<wire::RevokeRoleRequest>,
    ) -> Result<Response<wire::RevokeRoleResponse>, Status> {
        Err(not_asked_here())
    }
}

fn not_asked_here() -> Status {
    Status::unimplemented("the apps have no business here")
}
