//! Who says whose a credential is: `identity` of people, `devices` of devices.

use std::time::SystemTime;

use preau_mesh::{Channel, Inherited, Mesh, own_request};
use preau_proto::devices::v1 as devices;
use preau_proto::devices::v1::credential_service_client::CredentialServiceClient;
use preau_proto::devices::v1::mint_principal_request::Credential as DeviceCredential;
use preau_proto::identity::v1 as identity;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use tonic::{Code, Request, Status};

use crate::credential::{Credential, SessionToken};
use crate::refusal::Refusal;

/// The roles that mint.
pub(super) struct Minters {
    identity: SessionServiceClient<Channel>,
    devices: CredentialServiceClient<Channel>,
}

/// What a credential is worth.
pub(super) struct Principal {
    pub(super) token: String,
    pub(super) expires: Option<SystemTime>,
}

impl Principal {
    fn new<T: TryInto<SystemTime>>(token: String, expires: Option<T>) -> Self {
        Self {
            token,
            expires: expires.and_then(|at| at.try_into().ok()),
        }
    }
}

/// The one to ask about a credential.
#[derive(Clone, Copy)]
pub(super) enum Minter {
    Identity,
    Devices,
}

impl Minter {
    pub(super) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Session(session) if !session.is_of_a_device() => Self::Identity,
            Credential::Session(_) | Credential::Certificate(_) => Self::Devices,
        }
    }

    fn role(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Devices => "devices",
        }
    }

    /// The method that answers.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Identity => "/preau.identity.v1.SessionService/MintPrincipal",
            Self::Devices => "/preau.devices.v1.CredentialService/MintPrincipal",
        }
    }
}

impl Minters {
    pub(super) fn new(mesh: &Mesh) -> Self {
        Self {
            identity: SessionServiceClient::new(mesh.client("gateway", "identity")),
            devices: CredentialServiceClient::new(mesh.client("gateway", "devices")),
        }
    }

    /// Asks whoever gave the credential out.
    ///
    /// # Errors
    /// What is said of the credential; UNAVAILABLE, with the role, when nobody answers.
    pub(super) async fn mint(
        &self,
        credential: &Credential,
        inherited: Inherited,
    ) -> Result<Principal, Status> {
        let minter = Minter::of(credential);
        let asked = match (minter, credential) {
            (Minter::Identity, Credential::Session(session)) => {
                self.ask_identity(session, inherited).await
            }
            (_, Credential::Session(session)) => {
                let session = DeviceCredential::SessionToken(session.as_str().to_owned());
                self.ask_devices(session, inherited).await
            }
            (_, Credential::Certificate(certificate)) => {
                let certificate = DeviceCredential::Certificate(certificate.der().to_vec());
                self.ask_devices(certificate, inherited).await
            }
        };
        asked.map_err(|status| match status.code() {
            // What the mesh says of a peer names identity and address: for the operator, not for outside.
            Code::Unavailable => {
                let role = minter.role();
                tracing::warn!(role, reason = status.message(), "nobody says who calls");
                let role = role.to_owned();
                Refusal::Unreachable { role }.into_status(minter.path())
            }
            _ => status,
        })
    }

    async fn ask_identity(
        &self,
        session: &SessionToken,
        inherited: Inherited,
    ) -> Result<Principal, Status> {
        let request = identity::MintPrincipalRequest {
            session_token: session.as_str().to_owned(),
        };
        let request = within(request, inherited);
        let minted = self.identity.clone().mint_principal(request).await?;
        let minted = minted.into_inner();
        Ok(Principal::new(minted.principal_token, minted.expires_at))
    }

    async fn ask_devices(
        &self,
        credential: DeviceCredential,
        inherited: Inherited,
    ) -> Result<Principal, Status> {
        let request = devices::MintPrincipalRequest {
            credential: Some(credential),
        };
        let request = within(request, inherited);
        let minted = self.devices.clone().mint_principal(request).await?;
        let minted = minted.into_inner();
        Ok(Principal::new(minted.principal_token, minted.expires_at))
    }
}

/// A call of the gateway's own that is part of another's time and trace.
fn within<M>(message: M, inherited: Inherited) -> Request<M> {
    let mut request = own_request(message);
    request.extensions_mut().insert(inherited);
    request
}
