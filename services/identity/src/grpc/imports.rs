//! `preau.identity.v1.PeopleImportService`.

use preau_kernel::failure::Failure;
use preau_proto::identity::v1::people_import_service_server::PeopleImportService;
use preau_proto::identity::v1::{
    AbortPeopleRequest, AbortPeopleResponse, CommitPeopleRequest, CommitPeopleResponse,
    StagePeopleRequest, StagePeopleResponse,
};
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status, async_trait};

use crate::convert;
use crate::service::imports::Imports;

pub(crate) struct Handler {
    pub(crate) imports: Imports,
}

impl Handler {
    async fn stage(
        &self,
        incoming: &Incoming,
        request: StagePeopleRequest,
    ) -> Result<StagePeopleResponse, Failure> {
        let batch = convert::import::batch(request)?;
        let staged = self.imports.stage(&incoming.caller()?, batch).await?;
        let people = staged.people.into_iter().map(convert::import::staged);
        Ok(StagePeopleResponse {
            people: people.collect(),
            disabled: staged.disabled,
        })
    }

    async fn commit(&self, request: CommitPeopleRequest) -> Result<CommitPeopleResponse, Failure> {
        let import = id("import_id", &request.import_id)?;
        Ok(CommitPeopleResponse {
            accounts_without_password: self.imports.commit(import).await?,
        })
    }

    async fn abort(&self, request: AbortPeopleRequest) -> Result<AbortPeopleResponse, Failure> {
        let import = id("import_id", &request.import_id)?;
        self.imports.abort(import).await?;
        Ok(AbortPeopleResponse {})
    }
}

#[async_trait]
impl PeopleImportService for Handler {
    async fn stage_people(
        &self,
        request: Request<StagePeopleRequest>,
    ) -> Result<Response<StagePeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.stage(&incoming, request.into_inner()).await)
    }

    async fn commit_people(
        &self,
        request: Request<CommitPeopleRequest>,
    ) -> Result<Response<CommitPeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.commit(request.into_inner()).await)
    }

    async fn abort_people(
        &self,
        request: Request<AbortPeopleRequest>,
    ) -> Result<Response<AbortPeopleResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.abort(request.into_inner()).await)
    }
}
