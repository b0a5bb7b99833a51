//! The two services that the edge answers itself: health and reflection.

use std::convert::Infallible;

use http::{Request, Response};
use preau_proto::contract::Contract;
use tonic::body::Body;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

type Boxed = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Health for anyone; reflection for whoever the edge lets through.
#[derive(Clone)]
pub(crate) struct Local {
    reporter: HealthReporter,
    services: Vec<String>,
    health: Boxed,
    reflection: Boxed,
}

impl Local {
    pub(crate) async fn new(contract: &Contract) -> Self {
        let mut services: Vec<String> = contract
            .methods()
            .filter(|method| method.is_public())
            .map(|method| method.service.clone())
            .collect();
        services.dedup();
        services.push(String::new());

        let (reporter, health) = health_reporter();
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(preau_proto::FILE_DESCRIPTOR_SET)
            .build_v1()
            .expect("the contract's own descriptors were decoded when it was loaded");
        let local = Self {
            reporter,
            services,
            health: BoxCloneSyncService::new(health),
            reflection: BoxCloneSyncService::new(reflection),
        };
        local.report(ServingStatus::Serving).await;
        local
    }

    /// Tells watchers and probes to go elsewhere.
    pub(crate) async fn stop_serving(&self) {
        self.report(ServingStatus::NotServing).await;
    }

    pub(crate) async fn health(&self, request: Request<Body>) -> Response<Body> {
        answer(self.health.clone(), request).await
    }

    pub(crate) async fn reflection(&self, request: Request<Body>) -> Response<Body> {
        answer(self.reflection.clone(), request).await
    }

    async fn report(&self, status: ServingStatus) {
        for service in &self.services {
            self.reporter.set_service_status(service, status).await;
        }
    }
}

async fn answer(service: Boxed, request: Request<Body>) -> Response<Body> {
    match service.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
