//! Bytes in, bytes out: one call carried over the mesh, frame by frame, undecoded.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue, Request, Response, Uri, Version};
use preau_mesh::{Channel, Mesh};
use preau_proto::contract::{Contract, Method};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Service, ServiceExt};

use crate::body::Limited;
use crate::headers::{strip_request, strip_response};
use crate::refusal::Refusal;

const PRINCIPAL: HeaderName = HeaderName::from_static("x-preau-principal");

/// One channel per area of the contract.
pub(crate) struct Proxy {
    channels: HashMap<String, Channel>,
    max_body: u64,
}

impl Proxy {
    pub(crate) fn new(mesh: &Mesh, contract: &Contract, max_body: u64) -> Self {
        let channels = contract
            .methods()
            .filter(|method| method.is_public())
            .map(|method| (method.area.clone(), mesh.client("gateway", &method.area)))
            .collect();
        Self { channels, max_body }
    }

    /// Carries the call to the role that answers it. The client stack of the mesh bounds its
    /// time by the method's policy and goes on with the caller's trace.
    pub(crate) async fn forward(
        &self,
        method: &Method,
        request: Request<Body>,
        principal: Option<HeaderValue>,
    ) -> Result<Response<Body>, Status> {
        let unreachable = || {
            let role = method.area.clone();
            Refusal::Unreachable { role }.into_status(&method.path)
        };
        let too_large = || {
            let limit = self.max_body;
            Refusal::BodyTooLarge { limit }.into_status(&method.path)
        };
        let (request, exceeded) = self.inward(method, request, principal);
        if exceeded.get() {
            return Err(too_large());
        }
        let mut channel = self
            .channels
            .get(&method.area)
            .cloned()
            .ok_or_else(unreachable)?;
        let answered = match channel.ready().await {
            Ok(channel) => channel.call(request).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(mut response) => {
                strip_response(response.headers_mut());
                Ok(response)
            }
            Err(_) if exceeded.get() => Err(too_large()),
            Err(_) if exceeded.is_broken() => Err(Refusal::BodyBroken.into_status(&method.path)),
            Err(error) => Err(match Status::try_from_error(error.into()) {
                // What the mesh says of a peer names identity and address: for the operator, not for outside.
                Ok(status) if status.code() == Code::Unavailable => {
                    tracing::warn!(method = %method.path, reason = status.message(), "the mesh did not carry a call");
                    unreachable()
                }
                Ok(status) => status,
                Err(error) => {
                    tracing::warn!(method = %method.path, %error, "the mesh did not carry a call");
                    unreachable()
                }
            }),
        }
    }

    fn inward(
        &self,
        method: &Method,
        request: Request<Body>,
        principal: Option<HeaderValue>,
    ) -> (Request<Body>, crate::body::Exceeded) {
        let (mut parts, body) = request.into_parts();
        strip_request(&mut parts.headers);
        if let Some(mut principal) = principal {
            principal.set_sensitive(true);
            parts.headers.insert(PRINCIPAL, principal);
        }
        // The path of the contract, not the caller's bytes; scheme and host are the mesh's.
        parts.uri = Uri::try_from(&method.path).unwrap_or_default();
        parts.version = Version::HTTP_2;
        let (body, exceeded) = Limited::new(body, self.max_body);
        (Request::from_parts(parts, Body::new(body)), exceeded)
    }
}
