//! Importing in few words.

use preau_proto::roster::v1 as wire;
use preau_proto::roster::v1::import_service_client::ImportServiceClient;
use preau_proto::roster::v1::{Import, ImportState, Part};

use super::world::{Answer, Person, World};
use crate::domain::School;
use crate::domain::oneroster::tests::fixture::Files;

impl Person {
    fn importer(&self) -> ImportServiceClient<preau_mesh::Channel> {
        ImportServiceClient::new(self.channel.clone())
    }

    pub(super) async fn begin(&self, school: School, size: u64) -> Answer<Import> {
        let request = self.request(wire::BeginImportRequest {
            school_id: school.id.to_string(),
            size,
        });
        let answer = self.importer().begin_import(request).await?;
        Ok(answer.into_inner().import.unwrap())
    }

    pub(super) async fn put(&self, import: &str, index: u32, data: &[u8]) -> Answer<u32> {
        let request = self.request(wire::PutImportPartRequest {
            import_id: import.into(),
            index,
            data: data.to_vec().into(),
        });
        let answer = self.importer().put_import_part(request).await?;
        Ok(answer.into_inner().missing_count)
    }

    pub(super) async fn validate(&self, import: &str) -> Answer<Import> {
        let request = self.request(wire::ValidateImportRequest {
            import_id: import.into(),
        });
        let answer = self.importer().validate_import(request).await?;
        Ok(answer.into_inner().import.unwrap())
    }

    pub(super) async fn apply(&self, import: &str, confirm_disabled: u32) -> Answer<Import> {
        let request = self.request(wire::ApplyImportRequest {
            import_id: import.into(),
            confirm_disabled,
        });
        let answer = self.importer().apply_import(request).await?;
        Ok(answer.into_inner().import.unwrap())
    }

    pub(super) async fn get_import(&self, import: &str) -> Answer<Import> {
        let request = self.request(wire::GetImportRequest {
            import_id: import.into(),
        });
        let answer = self.importer().get_import(request).await?;
        Ok(answer.into_inner().import.unwrap())
    }

    pub(super) async fn imports(
        &self,
        school: School,
        page_size: u32,
        token: &str,
    ) -> Answer<wire::ListImportsResponse> {
        let request = self.request(wire::ListImportsRequest {
            school_id: school.id.to_string(),
            page_size,
            page_token: token.into(),
        });
        Ok(self.importer().list_imports(request).await?.into_inner())
    }

    /// Sends a zip in its parts.
    pub(super) async fn send(&self, school: School, zip: &[u8]) -> String {
        let import = self.begin(school, zip.len() as u64).await.unwrap();
        for (index, part) in (0..).zip(zip.chunks(import.part_size as usize)) {
            self.put(&import.import_id, index, part).await.unwrap();
        }
        import.import_id
    }

    /// Sends and validates files.
    pub(super) async fn validated(&self, school: School, files: &Files) -> Import {
        let import = self.send(school, &files.zip()).await;
        self.validate(&import).await.unwrap()
    }

    /// Sends, validates and applies files.
    pub(super) async fn applied(&self, school: School, files: &Files) -> Import {
        let import = self.validated(school, files).await;
        assert_eq!(import.state(), ImportState::Ready, "{import:?}");
        let disabled = import.summary.unwrap().people_disabled;
        let import = self.apply(&import.import_id, disabled).await.unwrap();
        assert_eq!(import.state(), ImportState::Applied);
        import
    }
}

impl World {
    /// The names of a school's classes, each with the logins of its members and their parts, in no order.
    pub(super) async fn members(
        &self,
        admin: &Person,
        school: School,
    ) -> Vec<(String, Vec<(String, Part)>)> {
        let mut classes = Vec::new();
        for class in admin.classes(school, 0, "").await.unwrap().classes {
            let members = admin.members(&class.class_id, 0, "").await.unwrap().members;
            let state = self.registry.state();
            let mut logins: Vec<_> = members
                .into_iter()
                .map(|member| {
                    let known = state.people.get(&member.person_id);
                    let login =
                        known.map_or(member.person_id.clone(), |person| person.login.clone());
                    (login, member.part())
                })
                .collect();
            logins.sort();
            classes.push((class.name, logins));
        }
        classes
    }
}

/// The members of a class, as [`World::members`] has them.
pub(super) fn class(
    name: &str,
    teachers: &[&str],
    pupils: &[&str],
) -> (String, Vec<(String, Part)>) {
    let mut members: Vec<_> = teachers
        .iter()
        .map(|login| ((*login).to_owned(), Part::Teacher))
        .chain(
            pupils
                .iter()
                .map(|login| ((*login).to_owned(), Part::Student)),
        )
        .collect();
    members.sort();
    (name.to_owned(), members)
}
