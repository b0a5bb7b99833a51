//! A roster that knows what a test told it, behind the contract's own service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use preau_kernel::access::{Facts, Part};
use preau_kernel::failure::Failure;
use preau_kernel::ids::PersonId;
use preau_mesh::RoleServer;
use preau_proto::roster::v1 as wire;
use preau_proto::roster::v1::class_service_server::{ClassService, ClassServiceServer};
use preau_proto::roster::v1::list_my_classes_response::MyClass;
use preau_rpc::Incoming;
use preau_rpc::convert::id;
use tonic::{Request, Response, Status};

use crate::domain::MyClass as Class;

type Members = BTreeMap<PersonId, wire::Part>;

#[derive(Clone, Default)]
pub(super) struct TestRoster(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    classes: Vec<(Class, Members)>,
    is_away: bool,
}

impl TestRoster {
    pub(super) fn server(&self) -> RoleServer {
        RoleServer::new("roster").add_service(ClassServiceServer::new(self.clone()))
    }

    pub(super) fn add(&self, class: &Class) {
        let entry = (class.clone(), BTreeMap::new());
        self.0.lock().unwrap().classes.push(entry);
    }

    pub(super) fn enrol(&self, class: &Class, person: PersonId, part: wire::Part) {
        self.change(class, |members| {
            members.insert(person, part);
        });
    }

    pub(super) fn unenrol(&self, class: &Class, person: PersonId) {
        self.change(class, |members| {
            members.remove(&person);
        });
    }

    /// Answers nothing but UNAVAILABLE from now on.
    pub(super) fn go_away(&self) {
        self.0.lock().unwrap().is_away = true;
    }

    fn change(&self, class: &Class, change: impl FnOnce(&mut Members)) {
        let mut state = self.0.lock().unwrap();
        let found = state.classes.iter_mut().find(|(one, _)| one.id == class.id);
        change(&mut found.unwrap().1);
    }

    fn classes(&self) -> Result<Vec<(Class, Members)>, Status> {
        let state = self.0.lock().unwrap();
        if state.is_away {
            return Err(Status::unavailable("away, for a test"));
        }
        Ok(state.classes.clone())
    }

    fn members(&self, incoming: &Incoming, class: &str) -> Result<Members, Failure> {
        let caller = incoming.caller()?;
        let classes = self.0.lock().unwrap().classes.clone();
        let found = classes
            .into_iter()
            .find(|(one, _)| one.id.to_string() == class);
        let (class, members) = found.ok_or_else(|| Failure::not_found("class"))?;
        let part = members.get(&caller.principal().person);
        let facts = Facts {
            part: part.map(|part| match part {
                wire::Part::Teacher => Part::Teacher,
                _ => Part::Student,
            }),
            ..class.facts()
        };
        Ok(caller
            .authorize_hidden("class", &facts, members)?
            .into_inner())
    }
}

fn wire_class(class: &Class) -> wire::Class {
    wire::Class {
        class_id: class.id.to_string(),
        school_id: class.school.to_string(),
        authority_id: class.authority.to_string(),
        name: class.name.clone(),
        main_teacher_id: String::new(),
    }
}

#[tonic::async_trait]
impl ClassService for TestRoster {
    async fn list_my_classes(
        &self,
        request: Request<wire::ListMyClassesRequest>,
    ) -> Result<Response<wire::ListMyClassesResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let classes = self.classes()?;
        let me = incoming.caller().and_then(|caller| caller.authorize_self());
        incoming.answer(me.map(|me| {
            let mine = classes.iter().filter_map(|(class, members)| {
                let part = *members.get(me.get())?;
                Some(MyClass {
                    class: Some(wire_class(class)),
                    part: part.into(),
                })
            });
            wire::ListMyClassesResponse {
                classes: mine.collect(),
            }
        }))
    }

    /// In pages of two, so that there are several.
    async fn list_members(
        &self,
        request: Request<wire::ListMembersRequest>,
    ) -> Result<Response<wire::ListMembersResponse>, Status> {
        const PAGE: usize = 2;
        let incoming = Incoming::of(&request)?;
        self.classes()?;
        let message = request.get_ref();
        let members = self.members(&incoming, &message.class_id);
        incoming.answer(members.map(|members| {
            let rest = members
                .into_iter()
                .filter(|(person, _)| person.to_string() > message.page_token);
            let rest: Vec<_> = rest.collect();
            let is_last = rest.len() <= PAGE;
            let page = rest.into_iter().take(PAGE);
            let page = page.map(|(person, part)| wire::Member {
                person_id: person.to_string(),
                part: part.into(),
            });
            let members: Vec<_> = page.collect();
            let next_page_token = match members.last() {
                Some(last) if !is_last => last.person_id.clone(),
                _ => String::new(),
            };
            wire::ListMembersResponse {
                members,
                next_page_token,
            }
        }))
    }

    async fn get_membership(
        &self,
        request: Request<wire::GetMembershipRequest>,
    ) -> Result<Response<wire::GetMembershipResponse>, Status> {
        let incoming = Incoming::of(&request)?;
        let classes = self.classes()?;
        let message = request.get_ref();
        let person: Result<PersonId, Failure> = id("person_id", &message.person_id);
        incoming.answer(person.map(|person| {
            let found = classes
                .iter()
                .find(|(class, _)| class.id.to_string() == message.class_id);
            let part = found.and_then(|(_, members)| members.get(&person).copied());
            wire::GetMembershipResponse {
                part: part.unwrap_or_default().into(),
                ..wire::GetMembershipResponse::default()
            }
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
}

fn not_asked_here() -> Status {
    Status::unimplemented("the classroom has no business here")
}
