//! The contract's ClassService and ImportService: decode → call → encode, nothing else.

mod imports;

use std::sync::Arc;

use preau_kernel::paging::page_size;
use preau_proto::roster::v1 as wire;
use preau_proto::roster::v1::class_service_server::ClassService;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

pub(crate) use imports::ImportsOfSchools;

use crate::convert;
use crate::error::Error;
use crate::service::Roster;

/// ClassService over the roster's use cases.
pub(crate) struct Classes {
    roster: Arc<Roster>,
}

impl Classes {
    pub(crate) fn new(roster: Arc<Roster>) -> Self {
        Self { roster }
    }

    async fn list(
        &self,
        incoming: &Incoming,
        message: wire::ListClassesRequest,
    ) -> Result<wire::ListClassesResponse, Error> {
        let school = id("school_id", &message.school_id)?;
        let size = page_size(message.page_size)?;
        let after = convert::after(&message.page_token)?;
        let page = self.roster.classes(incoming, school, size, &after).await?;
        Ok(wire::ListClassesResponse {
            classes: page.rows.iter().map(convert::wire_class).collect(),
            next_page_token: page.next,
        })
    }

    async fn members(
        &self,
        incoming: &Incoming,
        message: wire::ListMembersRequest,
    ) -> Result<wire::ListMembersResponse, Error> {
        let class = id("class_id", &message.class_id)?;
        let size = page_size(message.page_size)?;
        let after = convert::after(&message.page_token)?;
        let page = self.roster.members(incoming, class, size, &after).await?;
        Ok(wire::ListMembersResponse {
            members: page.rows.iter().map(convert::wire_member).collect(),
            next_page_token: page.next,
        })
    }
}

#[tonic::async_trait]
impl ClassService for Classes {
    async fn create_class(
        &self,
        request: Request<wire::CreateClassRequest>,
    ) -> Result<Response<wire::CreateClassResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let wanted = convert::new_class(request.get_ref())?;
            let class = self.roster.create_class(&incoming, wanted).await?;
            let class = Some(convert::wire_class(&class));
            Ok::<_, Error>(wire::CreateClassResponse { class })
        };
        incoming.answer(outcome.await)
    }

    async fn get_class(
        &self,
        request: Request<wire::GetClassRequest>,
    ) -> Result<Response<wire::GetClassResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let class = id("class_id", &request.get_ref().class_id)?;
            let class = self.roster.class(&incoming, class).await?;
            let class = Some(convert::wire_class(&class));
            Ok::<_, Error>(wire::GetClassResponse { class })
        };
        incoming.answer(outcome.await)
    }

    async fn list_my_classes(
        &self,
        request: Request<wire::ListMyClassesRequest>,
    ) -> Result<Response<wire::ListMyClassesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let mine = self.roster.my_classes(&incoming).await?;
            let classes = mine.iter().map(convert::wire_my_class).collect();
            Ok::<_, Error>(wire::ListMyClassesResponse { classes })
        };
        incoming.answer(outcome.await)
    }

    async fn list_classes(
        &self,
        request: Request<wire::ListClassesRequest>,
    ) -> Result<Response<wire::ListClassesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.list(&incoming, request.into_inner()).await)
    }

    async fn enrol(
        &self,
        request: Request<wire::EnrolRequest>,
    ) -> Result<Response<wire::EnrolResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let class = id("class_id", &request.get_ref().class_id)?;
            let member = convert::enrolment(request.get_ref())?;
            self.roster.enrol(&incoming, class, member).await?;
            Ok::<_, Error>(wire::EnrolResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn unenrol(
        &self,
        request: Request<wire::UnenrolRequest>,
    ) -> Result<Response<wire::UnenrolResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let class = id("class_id", &request.get_ref().class_id)?;
            let person = id("person_id", &request.get_ref().person_id)?;
            self.roster.unenrol(&incoming, class, person).await?;
            Ok::<_, Error>(wire::UnenrolResponse {})
        };
        incoming.answer(outcome.await)
    }

    async fn list_members(
        &self,
        request: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.members(&incoming, request.into_inner()).await)
    }

    async fn get_membership(
        &self,
        request: Request<wire::GetMembershipRequest>,
    ) -> Result<Response<wire::GetMembershipResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let class = id("class_id", &request.get_ref().class_id)?;
            let person = id("person_id", &request.get_ref().person_id)?;
            let standing = self.roster.membership(class, person).await?;
            Ok::<_, Error>(convert::wire_membership(standing.as_ref()))
        };
        incoming.answer(outcome.await)
    }
}
