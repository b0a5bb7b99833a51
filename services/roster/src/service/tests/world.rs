//! The roster in a small world of schools, and people who use it in few words.

use preau_kernel::clock::Clock;
use preau_kernel::ids::{AuthorityId, PersonId, SchoolId, SessionId};
use preau_mesh::principal::{GrantClaim, ScopeClaim};
use preau_mesh::testing::{Ground, Pair, claims};
use preau_mesh::{Channel, Claims, Reported, with_principal};
use preau_proto::identity::v1 as identity;
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1 as wire;
use preau_proto::roster::v1::class_service_client::ClassServiceClient;
use preau_storage_database::testing;
use tempfile::TempDir;
use tonic::{Code, Request, Status};

use super::directory::TestDirectory;
use super::registry::TestRegistry;
use crate::domain::School;
use crate::{Deps, MIGRATIONS, Recovered, recover, server};

pub(super) type Answer<T> = Result<T, Status>;

pub(super) struct World {
    pair: Pair,
    directory: TestDirectory,
    pub(super) registry: TestRegistry,
    deps: Deps,
    _folder: TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        let (db, folder) = testing::sqlite(&MIGRATIONS).await;
        let ground = Ground::new(&["roster", "identity", "gateway"]).await;
        let deps = Deps {
            db,
            mesh: ground.mesh().clone(),
            clock: Clock::system(),
        };
        let directory = TestDirectory::default();
        let registry = TestRegistry::default();
        let servers = vec![server(deps.clone()), directory.server(&registry)];
        Self {
            pair: ground.serve(servers, "gateway", "roster"),
            directory,
            registry,
            deps,
            _folder: folder,
        }
    }

    pub(super) fn school(&self) -> School {
        let school = School {
            id: SchoolId::new(),
            authority: AuthorityId::new(),
        };
        self.directory.add(school);
        self.registry.add_school(school);
        school
    }

    /// What the composition root does now and then.
    pub(super) async fn recover(&self) -> Recovered {
        recover(&self.deps).await.unwrap()
    }

    /// Somebody with a role at a school, or at its authority, or on the platform.
    pub(super) fn person(&self, role: Role, school: School) -> Person {
        let id = PersonId::new();
        let scope = match role {
            Role::PlatformAdmin => ScopeClaim::Platform,
            Role::AuthorityAdmin => ScopeClaim::Authority(school.authority.to_string()),
            _ => ScopeClaim::School(school.id.to_string()),
        };
        let claims = Claims {
            person: id.to_string(),
            session: SessionId::new().to_string(),
            school: Some(school.id.to_string()),
            grants: vec![GrantClaim {
                role: role.into(),
                scope,
            }],
            ..claims(role)
        };
        let known = identity::Person {
            person_id: id.to_string(),
            school_id: school.id.to_string(),
            ..identity::Person::default()
        };
        self.directory.add_person(known, school);
        Person {
            id,
            token: self.pair.token(&claims),
            channel: self.pair.client(),
        }
    }

    /// Gives somebody a role at another school than their own, until the end of time.
    pub(super) fn also_at(&self, person: &Person, own: School, other: School) {
        let on = Some(identity::scope::On::SchoolId(other.id.to_string()));
        let grant = identity::Grant {
            scope: Some(identity::Scope { on }),
            ..identity::Grant::default()
        };
        let known = identity::Person {
            person_id: person.id.to_string(),
            school_id: own.id.to_string(),
            grants: vec![grant],
            ..identity::Person::default()
        };
        self.directory.add_person(known, other);
    }

    /// What another service would hear about a membership.
    pub(super) async fn membership(
        &self,
        class: &str,
        person: &Person,
    ) -> wire::GetMembershipResponse {
        let mut files = ClassServiceClient::new(self.pair.client_as("files"));
        let request = wire::GetMembershipRequest {
            class_id: class.into(),
            person_id: person.id.to_string(),
        };
        files.get_membership(request).await.unwrap().into_inner()
    }
}

pub(super) struct Person {
    pub(super) id: PersonId,
    token: String,
    pub(super) channel: Channel,
}

impl Person {
    pub(super) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        with_principal(&mut request, &self.token);
        request
    }

    fn client(&self) -> ClassServiceClient<Channel> {
        ClassServiceClient::new(self.channel.clone())
    }

    pub(super) async fn create(
        &self,
        school: School,
        name: &str,
        teacher: PersonId,
    ) -> Answer<wire::Class> {
        let request = self.request(wire::CreateClassRequest {
            school_id: school.id.to_string(),
            name: name.into(),
            main_teacher_id: teacher.to_string(),
        });
        let answer = self.client().create_class(request).await?;
        Ok(answer.into_inner().class.unwrap())
    }

    pub(super) async fn get(&self, class: &str) -> Answer<wire::Class> {
        let request = self.request(wire::GetClassRequest {
            class_id: class.into(),
        });
        let answer = self.client().get_class(request).await?;
        Ok(answer.into_inner().class.unwrap())
    }

    /// Names of the person's classes, each with the person's part.
    pub(super) async fn mine(&self) -> Vec<(String, wire::Part)> {
        let request = self.request(wire::ListMyClassesRequest {});
        let answer = self.client().list_my_classes(request).await.unwrap();
        let classes = answer.into_inner().classes.into_iter();
        classes
            .map(|mine| (mine.part(), mine.class.unwrap().name))
            .map(|(part, name)| (name, part))
            .collect()
    }

    pub(super) async fn classes(
        &self,
        school: School,
        page_size: u32,
        page_token: &str,
    ) -> Answer<wire::ListClassesResponse> {
        let request = self.request(wire::ListClassesRequest {
            school_id: school.id.to_string(),
            page_size,
            page_token: page_token.into(),
        });
        Ok(self.client().list_classes(request).await?.into_inner())
    }

    pub(super) async fn enrol(
        &self,
        class: &str,
        person: PersonId,
        part: wire::Part,
    ) -> Answer<()> {
        let request = self.request(wire::EnrolRequest {
            class_id: class.into(),
            person_id: person.to_string(),
            part: part.into(),
        });
        self.client().enrol(request).await?;
        Ok(())
    }

    pub(super) async fn unenrol(&self, class: &str, person: PersonId) -> Answer<()> {
        let request = self.request(wire::UnenrolRequest {
            class_id: class.into(),
            person_id: person.to_string(),
        });
        self.client().unenrol(request).await?;
        Ok(())
    }

    pub(super) async fn members(
        &self,
        class: &str,
        page_size: u32,
        page_token: &str,
    ) -> Answer<wire::ListMembersResponse> {
        let request = self.request(wire::ListMembersRequest {
            class_id: class.into(),
            page_size,
            page_token: page_token.into(),
        });
        Ok(self.client().list_members(request).await?.into_inner())
    }
}

/// The reason of a refusal.
pub(super) fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    Reported::of(&answer.unwrap_err()).reason
}

/// The wrong fields that a refusal names.
pub(super) fn fields<T: std::fmt::Debug>(answer: Answer<T>) -> Vec<String> {
    let fields = Reported::of(&answer.unwrap_err()).fields.into_iter();
    fields.map(|(field, _)| field).collect()
}

/// Everything of a refusal that its caller can see. The details are compared as they read and by their length: the order
/// in which a map's entries are written is chance, and tells nothing.
pub(super) fn seen<T: std::fmt::Debug>(answer: Answer<T>) -> (Code, String, Reported, usize) {
    let status = answer.unwrap_err();
    (
        status.code(),
        status.message().to_owned(),
        Reported::of(&status),
        status.details().len(),
    )
}
