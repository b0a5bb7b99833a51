//! A `devices` that remembers what it was told, behind the contract's own service.

use std::sync::{Arc, Mutex};

use preau_kernel::failure::{Failure, Kind};
use preau_mesh::RoleServer;
use preau_proto::devices::v1 as wire;
use preau_proto::devices::v1::desired_state_service_server::{
    DesiredStateService, DesiredStateServiceServer,
};
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

#[derive(Clone, Default)]
pub(super) struct TestFleet(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    told: Vec<wire::AnnounceDesiredStateRequest>,
    /// What it answers instead of listening.
    trouble: Option<Kind>,
    /// The school it has trouble with, if not with all.
    only: Option<String>,
}

impl TestFleet {
    pub(super) fn server(&self) -> RoleServer {
        RoleServer::new("devices").add_service(DesiredStateServiceServer::new(self.clone()))
    }

    /// What it heard since it was asked last.
    pub(super) fn told(&self) -> Vec<wire::AnnounceDesiredStateRequest> {
        std::mem::take(&mut self.0.lock().unwrap().told)
    }

    pub(super) fn have_trouble(&self, trouble: Option<Kind>) {
        self.0.lock().unwrap().trouble = trouble;
    }

    pub(super) fn have_trouble_with(&self, school: &str) {
        let mut state = self.0.lock().unwrap();
        state.trouble = Some(Kind::Internal);
        state.only = Some(school.to_owned());
    }

    fn hear(&self, message: wire::AnnounceDesiredStateRequest) -> Result<(), Failure> {
        let mut state = self.0.lock().unwrap();
        let concerns_it = |only: &String| *only == message.school_id;
        match state.trouble {
            Some(kind) if state.only.as_ref().is_none_or(concerns_it) => {
                Err(Failure::new(kind, "TROUBLE", "trouble, for a test"))
            }
            _ => {
                state.told.push(message);
                Ok(())
            }
        }
    }
}

#[tonic::async_trait]
impl DesiredStateService for TestFleet {
    async fn announce_desired_state(
        &self,
        request: Request<wire::AnnounceDesiredStateRequest>,
    ) -> Result<Response<wire::AnnounceDesiredStateResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let heard = self.hear(request.into_inner());
        incoming.answer(heard.map(|()| wire::AnnounceDesiredStateResponse {}))
    }
}
