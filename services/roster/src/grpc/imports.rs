use std::sync::Arc;

use preau_kernel::paging::page_size;
use preau_proto::roster::v1 as wire;
use preau_proto::roster::v1::import_service_server::ImportService;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::Error;
use crate::service::Imports;

/// ImportService over the use cases of imports.
pub(crate) struct ImportsOfSchools {
    imports: Arc<Imports>,
}

impl ImportsOfSchools {
    pub(crate) fn new(imports: Arc<Imports>) -> Self {
        Self { imports }
    }

    async fn list(
        &self,
        incoming: &Incoming,
        message: wire::ListImportsRequest,
    ) -> Result<wire::ListImportsResponse, Error> {
        let school = id("school_id", &message.school_id)?;
        let size = page_size(message.page_size)?;
        let before = convert::before(&message.page_token)?;
        let page = self
            .imports
            .imports(incoming, school, size, &before)
            .await?;
        Ok(wire::ListImportsResponse {
            imports: page.rows.iter().map(convert::wire_import).collect(),
            next_page_token: page.next,
        })
    }
}

#[tonic::async_trait]
impl ImportService for ImportsOfSchools {
    async fn begin_import(
        &self,
        request: Request<wire::BeginImportRequest>,
    ) -> Result<Response<wire::BeginImportResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let school = id("school_id", &request.get_ref().school_id)?;
            let import = self
                .imports
                .begin(&incoming, school, request.get_ref().size)
                .await?;
            let import = Some(convert::wire_import(&import));
            Ok::<_, Error>(wire::BeginImportResponse { import })
        };
        incoming.answer(outcome.await)
    }

    async fn put_import_part(
        &self,
        request: Request<wire::PutImportPartRequest>,
    ) -> Result<Response<wire::PutImportPartResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let message = request.get_ref();
            let import = id("import_id", &message.import_id)?;
            let missing_count = self
                .imports
                .put_part(&incoming, import, message.index, &message.data)
                .await?;
            Ok::<_, Error>(wire::PutImportPartResponse { missing_count })
        };
        incoming.answer(outcome.await)
    }

    async fn validate_import(
        &self,
        request: Request<wire::ValidateImportRequest>,
    ) -> Result<Response<wire::ValidateImportResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let import = id("import_id", &request.get_ref().import_id)?;
            let import = Box::pin(self.imports.validate(&incoming, import)).await?;
            let import = Some(convert::wire_import(&import));
            Ok::<_, Error>(wire::ValidateImportResponse { import })
        };
        incoming.answer(outcome.await)
    }

    async fn apply_import(
        &self,
        request: Request<wire::ApplyImportRequest>,
    ) -> Result<Response<wire::ApplyImportResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let import = id("import_id", &request.get_ref().import_id)?;
            let confirmed = request.get_ref().confirm_disabled;
            let import = Box::pin(self.imports.apply(&incoming, import, confirmed)).await?;
            let import = Some(convert::wire_import(&import));
            Ok::<_, Error>(wire::ApplyImportResponse { import })
        };
        incoming.answer(outcome.await)
    }

    async fn get_import(
        &self,
        request: Request<wire::GetImportRequest>,
    ) -> Result<Response<wire::GetImportResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let outcome = async {
            let import = id("import_id", &request.get_ref().import_id)?;
            let import = self.imports.import(&incoming, import).await?;
            let import = Some(convert::wire_import(&import));
            Ok::<_, Error>(wire::GetImportResponse { import })
        };
        incoming.answer(outcome.await)
    }

    async fn list_imports(
        &self,
        request: Request<wire::ListImportsRequest>,
    ) -> Result<Response<wire::ListImportsResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.list(&incoming, request.into_inner()).await)
    }
}
