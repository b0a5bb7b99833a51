//! `preau.identity.v1.DirectoryService`.

use preau_kernel::failure::Failure;
use preau_proto::identity::v1::directory_service_server::DirectoryService;
use preau_proto::identity::v1::{
    CreateAuthorityRequest, CreateAuthorityResponse, CreatePersonRequest, CreatePersonResponse,
    CreateSchoolRequest, CreateSchoolResponse, GetMeRequest, GetMeResponse, GetPeopleRequest,
    GetPeopleResponse, GetPersonRequest, GetPersonResponse, GetSchoolRequest, GetSchoolResponse,
    GrantRoleRequest, GrantRoleResponse, IssueFirstUseCodesRequest, IssueFirstUseCodesResponse,
    ListPeopleRequest, ListPeopleResponse, ListSchoolsRequest, ListSchoolsResponse,
    RevokeRoleRequest, RevokeRoleResponse,
};
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status, async_trait};

use crate::convert;
use crate::service::directory::Directory;
use crate::service::first_use::FirstUse;
use crate::service::granting::Granting;

pub(crate) struct Handler {
    pub(crate) directory: Directory,
    pub(crate) granting: Granting,
    pub(crate) first_use: FirstUse,
}

// The calls proper: what follows below only wraps them for tonic.
impl Handler {
    async fn create_authority(
        &self,
        incoming: &Incoming,
        request: CreateAuthorityRequest,
    ) -> Result<CreateAuthorityResponse, Failure> {
        let name = convert::name("name", &request.name)?;
        let authority = self
            .directory
            .create_authority(&incoming.caller()?, name)
            .await?;
        Ok(CreateAuthorityResponse {
            authority: Some(convert::authority(authority)),
        })
    }

    async fn create_school(
        &self,
        incoming: &Incoming,
        request: CreateSchoolRequest,
    ) -> Result<CreateSchoolResponse, Failure> {
        let authority = id("authority_id", &request.authority_id)?;
        let uai = convert::uai(&request.uai)?;
        let name = convert::name("name", &request.name)?;
        let caller = incoming.caller()?;
        let school = self
            .directory
            .create_school(&caller, authority, uai, name)
            .await?;
        Ok(CreateSchoolResponse {
            school: Some(convert::school(school)),
        })
    }

    async fn get_school(
        &self,
        incoming: &Incoming,
        request: GetSchoolRequest,
    ) -> Result<GetSchoolResponse, Failure> {
        let school = id("school_id", &request.school_id)?;
        let school = self
            .directory
            .get_school(&incoming.caller()?, school)
            .await?;
        Ok(GetSchoolResponse {
            school: Some(convert::school(school)),
        })
    }

    async fn list_schools(
        &self,
        incoming: &Incoming,
        request: ListSchoolsRequest,
    ) -> Result<ListSchoolsResponse, Failure> {
        let (caller, token) = (incoming.caller()?, &request.page_token);
        let (schools, next_page_token) = self
            .directory
            .list_schools(&caller, request.page_size, token)
            .await?;
        let schools = schools.into_iter().map(convert::school).collect();
        Ok(ListSchoolsResponse {
            schools,
            next_page_token,
        })
    }

    async fn issue_codes(
        &self,
        incoming: &Incoming,
        request: IssueFirstUseCodesRequest,
    ) -> Result<IssueFirstUseCodesResponse, Failure> {
        let school = id("school_id", &request.school_id)?;
        let people = convert::named_people(&request.person_ids)?;
        let issued = self
            .first_use
            .issue(&incoming.caller()?, school, &people, request.reset)
            .await?;
        let codes = issued.into_iter().map(convert::first_use_code).collect();
        Ok(IssueFirstUseCodesResponse { codes })
    }

    async fn create_person(
        &self,
        incoming: &Incoming,
        request: CreatePersonRequest,
    ) -> Result<CreatePersonResponse, Failure> {
        let wanted = convert::person_wanted(request)?;
        let person = self
            .directory
            .create_person(&incoming.caller()?, wanted)
            .await?;
        Ok(CreatePersonResponse {
            person: Some(convert::person(person)),
        })
    }

    async fn get_person(
        &self,
        incoming: &Incoming,
        request: GetPersonRequest,
    ) -> Result<GetPersonResponse, Failure> {
        let person = id("person_id", &request.person_id)?;
        let person = self
            .directory
            .get_person(&incoming.caller()?, person)
            .await?;
        Ok(GetPersonResponse {
            person: Some(convert::person(person)),
        })
    }

    async fn get_me(
        &self,
        incoming: &Incoming,
        request: GetMeRequest,
    ) -> Result<GetMeResponse, Failure> {
        let GetMeRequest {} = request;
        let person = self.directory.get_me(&incoming.caller()?).await?;
        Ok(GetMeResponse {
            person: Some(convert::person(person)),
        })
    }

    async fn list_people(
        &self,
        incoming: &Incoming,
        request: ListPeopleRequest,
    ) -> Result<ListPeopleResponse, Failure> {
        let school = id("school_id", &request.school_id)?;
        let (caller, token) = (incoming.caller()?, &request.page_token);
        let (people, next_page_token) = self
            .directory
            .list_people(&caller, school, request.page_size, token)
            .await?;
        let people = people.into_iter().map(convert::person).collect();
        Ok(ListPeopleResponse {
            people,
            next_page_token,
        })
    }

    async fn people(
        &self,
        incoming: &Incoming,
        request: GetPeopleRequest,
    ) -> Result<GetPeopleResponse, Failure> {
        let school = id("school_id", &request.school_id)?;
        let people = convert::named_people(&request.person_ids)?;
        let caller = incoming.caller()?;
        let names = self.directory.names(&caller, school, &people).await?;
        let people = names.into_iter().map(convert::person_name).collect();
        Ok(GetPeopleResponse { people })
    }

    async fn grant_role(
        &self,
        incoming: &Incoming,
        request: GrantRoleRequest,
    ) -> Result<GrantRoleResponse, Failure> {
        let wanted = convert::grant_wanted(&request)?;
        let grant = self
            .granting
            .grant_role(&incoming.caller()?, wanted)
            .await?;
        Ok(GrantRoleResponse {
            grant: Some(convert::grant(&grant)),
        })
    }

    async fn revoke_role(
        &self,
        incoming: &Incoming,
        request: RevokeRoleRequest,
    ) -> Result<RevokeRoleResponse, Failure> {
        let grant = id("grant_id", &request.grant_id)?;
        self.granting
            .revoke_role(&incoming.caller()?, grant)
            .await?;
        Ok(RevokeRoleResponse {})
    }
}

#[async_trait]
impl DirectoryService for Handler {
    async fn create_authority(
        &self,
        request: Request<CreateAuthorityRequest>,
    ) -> Result<Response<CreateAuthorityResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::create_authority(self, &incoming, request.into_inner()).await)
    }

    async fn create_school(
        &self,
        request: Request<CreateSchoolRequest>,
    ) -> Result<Response<CreateSchoolResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::create_school(self, &incoming, request.into_inner()).await)
    }

    async fn get_school(
        &self,
        request: Request<GetSchoolRequest>,
    ) -> Result<Response<GetSchoolResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::get_school(self, &incoming, request.into_inner()).await)
    }

    async fn list_schools(
        &self,
        request: Request<ListSchoolsRequest>,
    ) -> Result<Response<ListSchoolsResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::list_schools(self, &incoming, request.into_inner()).await)
    }

    async fn issue_first_use_codes(
        &self,
        request: Request<IssueFirstUseCodesRequest>,
    ) -> Result<Response<IssueFirstUseCodesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.issue_codes(&incoming, request.into_inner()).await)
    }

    async fn create_person(
        &self,
        request: Request<CreatePersonRequest>,
    ) -> Result<Response<CreatePersonResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::create_person(self, &incoming, request.into_inner()).await)
    }

    async fn get_person(
        &self,
        request: Request<GetPersonRequest>,
    ) -> Result<Response<GetPersonResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::get_person(self, &incoming, request.into_inner()).await)
    }

    async fn get_me(
        &self,
        request: Request<GetMeRequest>,
    ) -> Result<Response<GetMeResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::get_me(self, &incoming, request.into_inner()).await)
    }

    async fn list_people(
        &self,
        request: Request<ListPeopleRequest>,
    ) -> Result<Response<ListPeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::list_people(self, &incoming, request.into_inner()).await)
    }

    async fn get_people(
        &self,
        request: Request<GetPeopleRequest>,
    ) -> Result<Response<GetPeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.people(&incoming, request.into_inner()).await)
    }

    async fn grant_role(
        &self,
        request: Request<GrantRoleRequest>,
    ) -> Result<Response<GrantRoleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::grant_role(self, &incoming, request.into_inner()).await)
    }

    async fn revoke_role(
        &self,
        request: Request<RevokeRoleRequest>,
    ) -> Result<Response<RevokeRoleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::revoke_role(self, &incoming, request.into_inner()).await)
    }
}
