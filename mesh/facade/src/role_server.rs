//! The services of one role, and the way from an admitted request to its handler.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use preau_proto::FILE_DESCRIPTOR_SET;
use preau_proto::contract::Contract;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use crate::MeshError;

/// The services that one role answers. The facade adds the probe and gRPC's health service to every role.
pub struct RoleServer {
    role: String,
    services: HashMap<&'static str, Arc<dyn Handler>>,
}

impl RoleServer {
    /// A role that answers nothing of its own yet.
    #[must_use]
    pub fn new(role: &str) -> Self {
        Self {
            role: role.to_owned(),
            services: HashMap::new(),
        }
    }

    /// Adds a server that tonic generated. One of the same name replaces it.
    #[must_use]
    pub fn add_service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer>,
        S: NamedService + Clone + Send + Sync + 'static,
    {
        self.services.insert(S::NAME, Arc::new(Generated(service)));
        self
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Full names of its services.
    pub fn service_names(&self) -> impl Iterator<Item = &'static str> {
        self.services.keys().copied()
    }

    pub(crate) fn handler(&self, service: &str) -> Option<&Arc<dyn Handler>> {
        self.services.get(service)
    }

    /// Every method that would be served has a policy, and belongs here.
    pub(crate) fn check(&self, contract: &Contract) -> Result<(), MeshError> {
        let declared = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
        self.service_names()
            .try_for_each(|service| self.check_service(service, contract, &declared))
    }

    fn check_service(
        &self,
        service: &str,
        contract: &Contract,
        declared: &FileDescriptorSet,
    ) -> Result<(), MeshError> {
        let role = self.role.clone();
        let methods = methods_of(declared, service).ok_or_else(|| MeshError::UnknownService {
            role: role.clone(),
            service: service.into(),
        })?;
        for name in methods {
            let path = format!("/{service}/{name}");
            let method = contract
                .method(&path)
                .ok_or(MeshError::NoPolicy { method: path })?;
            if method.area != self.role && method.area != "mesh" {
                return Err(MeshError::WrongRole {
                    role,
                    service: service.into(),
                    area: method.area.clone(),
                });
            }
        }
        Ok(())
    }
}

/// A generated server, callable through a shared reference. It is cloned per call, which costs one reference count.
pub(crate) trait Handler: Send + Sync {
    fn handle(&self, request: Request<Body>) -> Answer;
}

/// What every generated server answers with: boxed once, by tonic.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

struct Generated<S>(S);

impl<S> Handler for Generated<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer>,
    S: Clone + Send + Sync,
{
    fn handle(&self, request: Request<Body>) -> Answer {
        // Generated servers are always ready: they hold a handler and wait for nothing.
        self.0.clone().call(request)
    }
}

fn methods_of<'a>(
    declared: &'a FileDescriptorSet,
    service: &str,
) -> Option<impl Iterator<Item = &'a str>> {
    let (package, name) = service.rsplit_once('.')?;
    let files = declared
        .file
        .iter()
        .filter(|file| file.package() == package);
    let service = files
        .flat_map(|file| &file.service)
        .find(|service| service.name() == name)?;
    Some(service.method.iter().map(|method| method.name()))
}
