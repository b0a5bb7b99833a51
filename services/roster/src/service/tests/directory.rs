//! A directory that knows what a test told it, behind the contract's own service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use preau_kernel::access::Facts;
use preau_kernel::failure::Failure;
use preau_mesh::RoleServer;
use preau_proto::identity::v1 as wire;
use preau_proto::identity::v1::directory_service_server::{
    DirectoryService, DirectoryServiceServer,
};
use preau_proto::identity::v1::people_import_service_server::PeopleImportServiceServer;
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

use super::registry::TestRegistry;
use crate::domain::School;
use crate::domain::oneroster::tests::fixture::UAI;

#[derive(Clone, Default)]
pub(super) struct TestDirectory {
    schools: Arc<Mutex<HashMap<String, School>>>,
    people: Arc<Mutex<HashMap<String, (School, wire::Person)>>>,
}

impl TestDirectory {
    pub(super) fn server(&self, registry: &TestRegistry) -> RoleServer {
        RoleServer::new("identity")
            .add_service(DirectoryServiceServer::new(self.clone()))
            .add_service(PeopleImportServiceServer::new(registry.clone()))
    }

    pub(super) fn add(&self, school: School) {
        self.schools
            .lock()
            .unwrap()
            .insert(school.id.to_string(), school);
    }

    pub(super) fn add_person(&self, person: wire::Person, school: School) {
        let entry = (school, person);
        let mut people = self.people.lock().unwrap();
        people.insert(entry.1.person_id.clone(), entry);
    }

    fn find_person(&self, incoming: &Incoming, id: &str) -> Result<wire::Person, Failure> {
        let caller = incoming.caller()?;
        let person = self.people.lock().unwrap().get(id).cloned();
        let (school, person) = person.ok_or_else(|| Failure::not_found("person"))?;
        let facts = Facts {
            school: Some(school.id),
            authority: Some(school.authority),
            ..Facts::default()
        };
        Ok(caller
            .authorize_hidden("person", &facts, person)?
            .into_inner())
    }

    fn find(&self, incoming: &Incoming, id: &str) -> Result<School, Failure> {
        let caller = incoming.caller()?;
        let school = self.schools.lock().unwrap().get(id).copied();
        let school = school.ok_or_else(|| Failure::not_found("school"))?;
        let facts = Facts {
            school: Some(school.id),
            authority: Some(school.authority),
            ..Facts::default()
        };
        Ok(caller
            .authorize_hidden("school", &facts, school)?
            .into_inner())
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
                uai: UAI.into(),
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
        request: Request<wire::GetPersonRequest>,
    ) -> Result<Response<wire::GetPersonResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let person = self.find_person(&incoming, &request.get_ref().person_id);
        incoming.answer(person.map(|person| wire::GetPersonResponse {
            person: Some(person),
        }))
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
    Status::unimplemented("the roster has no business here")
}
