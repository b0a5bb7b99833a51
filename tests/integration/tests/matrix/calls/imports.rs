//! Imports of the school's roster. Whoever may is asked on an import of their own
//! where only that goes on, else on one of the platform's administrator, so that
//! success depends on the caller alone.

use anyhow::Context as _;
use preau_harness::{Caller, Roster};
use preau_proto::roster::v1::import_service_client::ImportServiceClient;
use preau_proto::roster::v1::{
    ApplyImportRequest, BeginImportRequest, GetImportRequest, ImportState, ListImportsRequest,
    PutImportPartRequest, ValidateImportRequest,
};
use tonic::Status;

use super::{Cast, missing};
use crate::importing;

pub(super) async fn call(
    cast: &Cast,
    caller: Caller,
    method: &str,
    n: usize,
) -> anyhow::Result<Result<(), Status>> {
    let mut imports = ImportServiceClient::new(caller);
    let school_id = cast.here.id.clone();
    Ok(match method {
        "BeginImport" => {
            let size = 1;
            let request = BeginImportRequest { school_id, size };
            imports.begin_import(request).await.map(drop)
        }
        "PutImportPart" => {
            let request = PutImportPartRequest {
                import_id: begun(cast, &imports, b"x").await?,
                index: 0,
                data: (&b"x"[..]).into(),
            };
            imports.put_import_part(request).await.map(drop)
        }
        "ValidateImport" => {
            let import_id = uploaded(cast, &imports, &zip(n)).await?;
            let request = ValidateImportRequest { import_id };
            imports.validate_import(request).await.map(drop)
        }
        "ApplyImport" => {
            let import_id = importing::upload(&cast.root, &cast.here.id, &zip(n)).await?;
            let request = ValidateImportRequest {
                import_id: import_id.clone(),
            };
            let ready = cast.root.imports().validate_import(request).await?;
            let ready = ready.into_inner().import.context("an import")?;
            anyhow::ensure!(ready.state() == ImportState::Ready, "{ready:?}");
            let request = ApplyImportRequest {
                import_id,
                confirm_disabled: 0,
            };
            imports.apply_import(request).await.map(drop)
        }
        "GetImport" => {
            let import_id = begun(cast, &imports, b"x").await?;
            let request = GetImportRequest { import_id };
            imports.get_import(request).await.map(drop)
        }
        "ListImports" => {
            let request = ListImportsRequest {
                school_id,
                ..Default::default()
            };
            imports.list_imports(request).await.map(drop)
        }
        other => return missing(other),
    })
}

/// A roster of one class, other than that of any other cell.
fn zip(n: usize) -> Vec<u8> {
    let mut roster = Roster::new("0951099D", &format!("matrice{n}"));
    roster.teacher("doyen");
    roster.class("M1", "Matrice", &["doyen"], &[]);
    roster.zip()
}

/// By the caller, or by the platform's administrator for a caller who may not.
async fn begun(
    cast: &Cast,
    imports: &ImportServiceClient<Caller>,
    zip: &[u8],
) -> anyhow::Result<String> {
    let request = BeginImportRequest {
        school_id: cast.here.id.clone(),
        size: zip.len() as u64,
    };
    let begun = match imports.clone().begin_import(request.clone()).await {
        Ok(begun) => begun,
        Err(_) => cast.root.imports().begin_import(request).await?,
    };
    let import = begun.into_inner().import.context("an import")?;
    Ok(import.import_id)
}

async fn uploaded(
    cast: &Cast,
    imports: &ImportServiceClient<Caller>,
    zip: &[u8],
) -> anyhow::Result<String> {
    let request = PutImportPartRequest {
        import_id: begun(cast, imports, zip).await?,
        index: 0,
        data: zip.to_vec().into(),
    };
    if imports
        .clone()
        .put_import_part(request.clone())
        .await
        .is_err()
    {
        cast.root.imports().put_import_part(request.clone()).await?;
    }
    Ok(request.import_id)
}
