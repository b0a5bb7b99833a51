//! `preau.identity.v1.SessionService`.

use std::sync::Arc;

use preau_kernel::failure::Failure;
use preau_proto::identity::v1::session_service_server::SessionService;
use preau_proto::identity::v1::{
    ActivateRequest, ActivateResponse, ListSigningKeysRequest, ListSigningKeysResponse,
    MintPrincipalRequest, MintPrincipalResponse, SignInRequest, SignInResponse,
    SignOutEverywhereRequest, SignOutEverywhereResponse, SignOutRequest, SignOutResponse,
};
use preau_rpc::Incoming;
use preau_rpc::convert::wire_time;
use tonic::{Request, Response, Status, async_trait};

use crate::convert;
use crate::domain::password::Password;
use crate::service::first_use::FirstUse;
use crate::service::keys::SigningKeys;
use crate::service::sessions::Sessions;

pub(crate) struct Handler {
    pub(crate) sessions: Sessions,
    pub(crate) first_use: FirstUse,
    pub(crate) keys: Arc<SigningKeys>,
}

impl Handler {
    async fn sign_in(&self, request: SignInRequest) -> Result<SignInResponse, Failure> {
        let password = Password::new(request.password);
        let signed_in = self.sessions.sign_in(&request.login, password).await?;
        Ok(SignInResponse {
            session_token: signed_in.token.text(),
            expires_at: Some(wire_time(signed_in.expires)),
            person_id: signed_in.person.to_string(),
        })
    }

    async fn activate(&self, request: ActivateRequest) -> Result<ActivateResponse, Failure> {
        let password = Password::new(request.password);
        let signed_in = self
            .first_use
            .activate(&request.login, &request.code, password)
            .await?;
        Ok(ActivateResponse {
            session_token: signed_in.token.text(),
            expires_at: Some(wire_time(signed_in.expires)),
            person_id: signed_in.person.to_string(),
        })
    }

    async fn sign_out(&self, incoming: &Incoming) -> Result<SignOutResponse, Failure> {
        self.sessions.sign_out(&incoming.caller()?).await?;
        Ok(SignOutResponse {})
    }

    async fn sign_out_everywhere(
        &self,
        incoming: &Incoming,
    ) -> Result<SignOutEverywhereResponse, Failure> {
        self.sessions
            .sign_out_everywhere(&incoming.caller()?)
            .await?;
        Ok(SignOutEverywhereResponse {})
    }

    async fn mint(&self, request: MintPrincipalRequest) -> Result<MintPrincipalResponse, Failure> {
        let minted = self.sessions.mint(&request.session_token).await?;
        Ok(MintPrincipalResponse {
            principal_token: minted.token,
            expires_at: Some(wire_time(minted.expires)),
        })
    }
}

#[async_trait]
impl SessionService for Handler {
    async fn sign_in(
        &self,
        request: Request<SignInRequest>,
    ) -> Result<Response<SignInResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::sign_in(self, request.into_inner()).await)
    }

    async fn sign_out(
        &self,
        request: Request<SignOutRequest>,
    ) -> Result<Response<SignOutResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::sign_out(self, &incoming).await)
    }

    async fn activate(
        &self,
        request: Request<ActivateRequest>,
    ) -> Result<Response<ActivateResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::activate(self, request.into_inner()).await)
    }

    async fn sign_out_everywhere(
        &self,
        request: Request<SignOutEverywhereRequest>,
    ) -> Result<Response<SignOutEverywhereResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(Handler::sign_out_everywhere(self, &incoming).await)
    }

    async fn mint_principal(
        &self,
        request: Request<MintPrincipalRequest>,
    ) -> Result<Response<MintPrincipalResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        incoming.answer(self.mint(request.into_inner()).await)
    }

    async fn list_signing_keys(
        &self,
        _request: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        let keys = self
            .keys
            .published()
            .await
            .into_iter()
            .map(convert::signing_key);
        Ok(Response::new(ListSigningKeysResponse {
            keys: keys.collect(),
        }))
    }
}
