//! A roster that knows what a test told it, behind the contract's own service.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use preau_kernel::ids::PersonId;
use preau_mesh::RoleServer;
use preau_proto::roster::v1 as wire;
use preau_proto::roster::v1::class_service_server::{ClassService, ClassServiceServer};
use preau_rpc::Incoming;
use tonic::{Request, Response, Status};

use super::world::Class;

#[derive(Clone, Default)]
pub(super) struct TestRoster {
    state: Arc<Mutex<State>>,
    questions: Arc<AtomicUsize>,
}

#[derive(Default)]
struct State {
    classes: HashMap<String, wire::Class>,
    parts: HashMap<(String, String), wire::Part>,
}

impl TestRoster {
    pub(super) fn server(&self) -> RoleServer {
        RoleServer::new("roster").add_service(ClassServiceServer::new(self.clone()))
    }

    /// Makes a class, or gives it another name.
    pub(super) fn name(&self, class: &Class, name: &str) {
        let wire = wire::Class {
            class_id: class.id.to_string(),
            school_id: class.school.to_string(),
            authority_id: class.authority.to_string(),
            name: name.to_owned(),
            main_teacher_id: PersonId::new().to_string(),
        };
        self.state
            .lock()
            .unwrap()
            .classes
            .insert(class.id.to_string(), wire);
    }

    pub(super) fn enrol(&self, class: &Class, person: PersonId, part: wire::Part) {
        let key = (class.id.to_string(), person.to_string());
        self.state.lock().unwrap().parts.insert(key, part);
    }

    pub(super) fn unenrol(&self, class: &Class, person: PersonId) {
        let key = (class.id.to_string(), person.to_string());
        self.state.lock().unwrap().parts.remove(&key);
    }

    /// How often a membership was asked for.
    pub(super) fn questions(&self) -> usize {
        self.questions.load(Ordering::Relaxed)
    }
}

#[tonic::async_trait]
impl ClassService for TestRoster {
    async fn list_my_classes(
        &self,
        request: Request<wire::ListMyClassesRequest>,
    ) -> Result<Response<wire::ListMyClassesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let me = incoming.caller().and_then(|caller| caller.authorize_self());
        let me = me.map_err(|failure| incoming.status(failure))?;
        let me = me.get().to_string();
        let state = self.state.lock().unwrap();
        let mine = state.parts.iter().filter(|((_, person), _)| *person == me);
        let classes = mine
            .map(
                |((class, _), part)| wire::list_my_classes_response::MyClass {
                    class: state.classes.get(class).cloned(),
                    part: (*part).into(),
                },
            )
            .collect();
        Ok(Response::new(wire::ListMyClassesResponse { classes }))
    }

    async fn get_membership(
        &self,
        request: Request<wire::GetMembershipRequest>,
    ) -> Result<Response<wire::GetMembershipResponse>, Status> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        let message = request.into_inner();
        let state = self.state.lock().unwrap();
        let class = state
            .classes
            .get(&message.class_id)
            .cloned()
            .unwrap_or_default();
        let part = state.parts.get(&(message.class_id, message.person_id));
        Ok(Response::new(wire::GetMembershipResponse {
            part: part.copied().unwrap_or_default().into(),
            school_id: class.school_id,
            authority_id: class.authority_id,
        }))
    }

    async fn create_class(
        &self,
        _: Request<wire::CreateClassRequest>,
    ) -> Result<Response<wire::CreateClassResponse>, Status> {
        Err(not_asked_here())
    }

    async fn get_class(
        &self,
        _: Request<wire::GetClassRequest>,
    ) -> Result<Response<wire::GetClassResponse>, Status> {
        Err(not_asked_here())
    }

    async fn list_classes(
        &self,
        _: Request<wire::ListClassesRequest>,
    ) -> Result<Response<wire::ListClassesResponse>, Status> {
        Err(not_asked_here())
    }

    async fn enrol(
        &self,
        _: Request<wire::EnrolRequest>,
    ) -> Result<Response<wire::EnrolResponse>, Status> {
        Err(not_asked_here())
    }

    async fn unenrol(
        &self,
        _: Request<wire::UnenrolRequest>,
    ) -> Result<Response<wire::UnenrolResponse>, Status> {
        Err(not_asked_here())
    }

    async fn list_members(
        &self,
        _: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        Err(not_asked_here())
    }
}

fn not_asked_here() -> Status {
    Status::unimplemented("the files service has no business here")
}
