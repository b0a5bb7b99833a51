//! The server side of the facade: the stack in front of the roles' handlers, and health beside them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use hyper::body::Incoming;
use preau_mesh_identity::JOIN;
use preau_mesh_layers::{Admission, Fault, ServerShared, ServerStack, server_stack};
use preau_proto::contract::Contract;
use preau_proto::mesh::v1::probe_service_server::ProbeServiceServer;
use tonic::Code;
use tonic::body::Body;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Service;

use crate::MeshError;
use crate::probe::Probe;
use crate::role_server::{Answer, RoleServer};

/// The role whose handlers answer a joining process.
const JOIN_HOLDER: &str = "control";

/// Every role of a process behind one server stack.
#[derive(Clone)]
pub(crate) struct Served {
    stack: ServerStack<Dispatch>,
}

impl Served {
    pub(crate) fn new(shared: &ServerShared, roles: Roles) -> Self {
        Self {
            stack: server_stack(
                shared,
                Dispatch {
                    roles: Arc::new(roles.by_name),
                },
            ),
        }
    }
}

impl Service<Request<Incoming>> for Served {
    type Response = <ServerStack<Dispatch> as Service<Request<Body>>>::Response;
    type Error = Infallible;
    type Future = <ServerStack<Dispatch> as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.stack.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        self.stack.call(request.map(Body::new))
    }
}

/// Roles that fit the contract, each with its probe and its health.
pub(crate) struct Roles {
    by_name: HashMap<String, RoleServer>,
    health: Vec<(HealthReporter, Vec<&'static str>)>,
}

impl Roles {
    pub(crate) async fn check(
        roles: Vec<RoleServer>,
        contract: &Contract,
    ) -> Result<Self, MeshError> {
        let (mut by_name, mut health) = (HashMap::new(), Vec::new());
        for role in roles {
            let role = role.add_service(ProbeServiceServer::new(Probe));
            role.check(contract)?;
            let (reporter, server) = tonic_health::server::health_reporter();
            let names: Vec<_> = role.service_names().collect();
            for name in &names {
                reporter
                    .set_service_status(name, ServingStatus::Serving)
                    .await;
            }
            health.push((reporter, names));
            let name = role.role().to_owned();
            if by_name
                .insert(name.clone(), role.add_service(server))
                .is_some()
            {
                return Err(MeshError::DuplicateRole { role: name });
            }
        }
        Ok(Self { by_name, health })
    }

    /// What tells probes, before the drain, that nothing more should be sent here.
    pub(crate) fn health(&self) -> Health {
        Health(self.health.clone())
    }
}

pub(crate) struct Health(Vec<(HealthReporter, Vec<&'static str>)>);

impl Health {
    pub(crate) async fn stop_serving(&self) {
        for (reporter, names) in &self.0 {
            for name in names.iter().chain([&""]) {
                reporter
                    .set_service_status(name, ServingStatus::NotServing)
                    .await;
            }
        }
    }
}

/// From an admitted request to the handler of its service. Innermost: authorization has already found the method.
#[derive(Clone)]
pub(crate) struct Dispatch {
    roles: Arc<HashMap<String, RoleServer>>,
}

impl Service<Request<Body>> for Dispatch {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let admission = request.extensions().get::<Arc<Admission>>();
        let handler = admission.and_then(|admission| {
            let role = if admission.role == JOIN {
                JOIN_HOLDER
            } else {
                &admission.role
            };
            self.roles.get(role)?.handler(&admission.method.service)
        });
        match handler {
            Some(handler) => handler.handle(request),
            None => Box::pin(std::future::ready(Ok(not_served(admission)))),
        }
    }
}

/// In the contract, but not in this process.
fn not_served(admission: Option<&Arc<Admission>>) -> Response<Body> {
    let (role, endpoint) = admission.map_or(("unknown", "unknown"), |known| {
        (&known.role, &known.endpoint)
    });
    let path = admission.map_or("", |admission| &admission.method.path);
    let message =
        format!("{role} at {endpoint} does not serve {path}: it may run an older version");
    Fault::new(Code::Unimplemented, "METHOD_NOT_SERVED", message)
        .into_status(role, endpoint)
        .into_http()
}
