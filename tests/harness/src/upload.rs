//! One upload, step by step.

use bytes::Bytes;
use preau_proto::files::v1::{
    AbortRequest, CommitRequest, GetUploadRequest, Node, PutPartRequest, Upload as Plan,
};
use tonic::Status;

use crate::person::Person;

/// SHA-256, as parts carry it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
        .as_ref()
        .to_vec()
}

/// An upload that was announced.
#[derive(Clone)]
pub struct Upload {
    person: Person,
    plan: Plan,
    size: u64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Upload {
    pub(crate) fn new(person: Person, plan: Plan, size: u64) -> Self {
        Self { person, plan, size }
    }

    /// The same upload by another person, or over another connection.
    #[must_use]
    pub fn by(&self, person: &Person) -> Self {
        Self {
            person: person.clone(),
            ..self.clone()
        }
    }

    /// The upload's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.plan.upload_id
    }

    /// How the platform wants it cut.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The bytes of part `index` of `file`.
    #[must_use]
    pub fn part<'a>(&self, file: &'a [u8], index: u32) -> &'a [u8] {
        let size = self.plan.part_size as usize;
        let first = index as usize * size;
        &file[first..file.len().min(first + size)]
    }

    /// Sends one part; answers how many are still missing.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn put(&self, index: u32, data: &[u8]) -> Result<u32, Status> {
        self.put_with(index, sha256(data), data).await
    }

    /// Sends one part under a hash of the caller's choice.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn put_with(&self, index: u32, sha256: Vec<u8>, data: &[u8]) -> Result<u32, Status> {
        let request = PutPartRequest {
            upload_id: self.id().to_owned(),
            index,
            sha256,
            data: Bytes::copy_from_slice(data),
        };
        Ok(self
            .person
            .uploads()
            .put_part(request)
            .await?
            .into_inner()
            .missing_count)
    }

    /// Sends every part of `file`, last first: order does not matter.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn put_all(&self, file: &[u8]) -> Result<(), Status> {
        assert_eq!(file.len() as u64, self.size, "the announced size");
        for index in (0..self.plan.part_count).rev() {
            self.put(index, self.part(file, index)).await?;
        }
        Ok(())
    }

    /// The indexes of the parts that are missing, asked anew.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn missing(&self) -> Result<Vec<u32>, Status> {
        let request = GetUploadRequest {
            upload_id: self.id().to_owned(),
        };
        let answer = self
            .person
            .uploads()
            .get_upload(request)
            .await?
            .into_inner();
        let plan = answer
            .upload
            .ok_or_else(|| Status::internal("an answer without an upload"))?;
        Ok(plan
            .missing
            .iter()
            .flat_map(|run| run.first..run.first + run.count)
            .collect())
    }

    /// Makes the file appear; with `file`, only if it hashes to the same.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn commit(&self, file: Option<&[u8]>) -> Result<Node, Status> {
        let blake3 = file.map(|file| blake3::hash(file).as_bytes().to_vec());
        self.commit_as(blake3.unwrap_or_default()).await
    }

    /// Commits under a hash of the caller's choice.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn commit_as(&self, blake3: Vec<u8>) -> Result<Node, Status> {
        let request = CommitRequest {
            upload_id: self.id().to_owned(),
            blake3,
        };
        let answer = self.person.uploads().commit(request).await?.into_inner();
        answer
            .node
            .ok_or_else(|| Status::internal("an answer without a node"))
    }

    /// Gives the upload up.
    ///
    /// # Errors
    /// With the platform's refusal.
    pub async fn abort(&self) -> Result<(), Status> {
        let request = AbortRequest {
            upload_id: self.id().to_owned(),
        };
        self.person.uploads().abort(request).await.map(drop)
    }
}
