//! One zip through the public import calls.

use std::fmt;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use preau_harness::{Caller, Person};
use preau_proto::identity::v1::{CreateAuthorityRequest, CreateSchoolRequest};
use preau_proto::roster::v1::import_service_client::ImportServiceClient;
use preau_proto::roster::v1::{
    ApplyImportRequest, BeginImportRequest, Import, ImportState, ImportSummary,
    PutImportPartRequest, ValidateImportRequest,
};

/// Seconds each step took, and what the import says it did.
pub(crate) struct Imported {
    pub(crate) upload: f64,
    pub(crate) validate: f64,
    pub(crate) apply: f64,
    pub(crate) summary: ImportSummary,
}

impl Imported {
    pub(crate) fn seconds(&self) -> f64 {
        self.upload + self.validate + self.apply
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            upload,
            validate,
            apply,
            ..
        } = self;
        write!(
            out,
            "{upload:.2} s up, {validate:.2} s to validate, {apply:.2} s to apply"
        )
    }
}

/// An empty school; answers its id.
pub(crate) async fn found_school(admin: &Person, uai: &str) -> anyhow::Result<String> {
    let mut directory = admin.directory();
    let request = CreateAuthorityRequest {
        name: "Région".into(),
    };
    let authority = directory.create_authority(request).await?.into_inner();
    let request = CreateSchoolRequest {
        authority_id: authority.authority.context("an authority")?.authority_id,
        uai: uai.to_owned(),
        name: "Cité scolaire".into(),
    };
    let school = directory.create_school(request).await?.into_inner();
    Ok(school.school.context("a school")?.school_id)
}

/// Uploads, validates, applies.
pub(crate) async fn import(admin: &Person, school: &str, zip: &Bytes) -> anyhow::Result<Imported> {
    let mut imports = ImportServiceClient::new(admin.caller());
    let started = Instant::now();
    let begun = upload(&mut imports, school, zip)
        .await
        .context("uploading")?;
    let uploaded = started.elapsed();
    let request = ValidateImportRequest {
        import_id: begun.import_id.clone(),
    };
    let validated = imports
        .validate_import(request)
        .await
        .context("validating")?;
    reached(validated.into_inner().import, ImportState::Ready).context("validating")?;
    let decided = started.elapsed();
    let request = ApplyImportRequest {
        import_id: begun.import_id,
        confirm_disabled: 0,
    };
    let applied = imports.apply_import(request).await.context("applying")?;
    let applied = reached(applied.into_inner().import, ImportState::Applied).context("applying")?;
    let ended = started.elapsed();
    Ok(Imported {
        upload: uploaded.as_secs_f64(),
        validate: (decided - uploaded).as_secs_f64(),
        apply: (ended - decided).as_secs_f64(),
        summary: applied.summary.context("a summary")?,
    })
}

async fn upload(
    imports: &mut ImportServiceClient<Caller>,
    school: &str,
    zip: &Bytes,
) -> anyhow::Result<Import> {
    let request = BeginImportRequest {
        school_id: school.to_owned(),
        size: zip.len() as u64,
    };
    let begun = imports.begin_import(request).await?.into_inner();
    let begun = begun.import.context("an import")?;
    let part = usize::try_from(begun.part_size)?;
    ensure!(part > 0, "parts of no bytes");
    for (index, start) in (0..).zip((0..zip.len()).step_by(part)) {
        let request = PutImportPartRequest {
            import_id: begun.import_id.clone(),
            index,
            data: zip.slice(start..zip.len().min(start + part)),
        };
        imports.put_import_part(request).await?;
    }
    Ok(begun)
}

/// A benchmark of refusals measures nothing.
fn reached(import: Option<Import>, wanted: ImportState) -> anyhow::Result<Import> {
    let import = import.context("an import")?;
    let problems: Vec<_> = import.problems.iter().take(5).collect();
    ensure!(
        import.state() == wanted,
        "the import is {:?}, not {wanted:?}; {} problems, the first: {problems:#?}",
        import.state(),
        import.problem_count
    );
    Ok(import)
}
