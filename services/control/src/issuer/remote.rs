//! The control plane, asked over the mesh with the certificate that is to be renewed.

use preau_mesh::{BoxFuture, IssueError, Issued, Issuer, Mesh, own_request};
use preau_proto::control::v1::RenewRequest;
use preau_proto::control::v1::workload_identity_service_client::WorkloadIdentityServiceClient;
use tonic::{Code, Status};

use crate::convert;

/// Renews over `WorkloadIdentityService.Renew`. The role must hold a valid certificate already:
/// its first one comes from [`crate::join`].
#[derive(Clone)]
pub struct RemoteIssuer {
    mesh: Mesh,
}

impl RemoteIssuer {
    /// Asks whoever serves `control` on this mesh.
    #[must_use]
    pub fn new(mesh: Mesh) -> RemoteIssuer {
        RemoteIssuer { mesh }
    }
}

impl Issuer for RemoteIssuer {
    fn issue(&self, role: &str, csr_der: Vec<u8>) -> BoxFuture<'_, Result<Issued, IssueError>> {
        let channel = self.mesh.client(role, crate::ROLE);
        let role = role.to_owned();
        Box::pin(async move {
            let mut control = WorkloadIdentityServiceClient::new(channel);
            let request = own_request(RenewRequest { csr: csr_der });
            let answer = control
                .renew(request)
                .await
                .map_err(|status| refused(&role, &status))?;
            let answer = answer.into_inner();
            convert::issued(answer.chain, answer.bundle).map_err(|reason| IssueError::Unavailable {
                reason: reason.to_string(),
            })
        })
    }
}

// Only a verdict about this workload is final; everything else is asked again.
fn refused(role: &str, status: &Status) -> IssueError {
    let reason = status.message().to_owned();
    match status.code() {
        Code::PermissionDenied | Code::InvalidArgument => IssueError::Refused {
            role: role.to_owned(),
            reason,
        },
        _ => IssueError::Unavailable { reason },
    }
}
