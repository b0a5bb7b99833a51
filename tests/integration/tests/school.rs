//! Authorities, schools, classes and people, made through the public RPCs by
//! whoever may.

use anyhow::Context as _;
use preau_harness::{Person, PlatformBuilder, preau};
use preau_proto::identity::v1::{
    CreateAuthorityRequest, CreatePersonRequest, CreateSchoolRequest, GrantRoleRequest,
    RevokeRoleRequest, Scope, scope::On,
};
use preau_proto::policy::v1::Role;
use preau_proto::roster::v1::{CreateClassRequest, EnrolRequest, Part};

/// Every account of these tests has it.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The first administrator of `builder`'s empty data directory, by `preau admin create`.
pub(crate) async fn create_first_admin(
    builder: &PlatformBuilder,
    login: &str,
) -> anyhow::Result<()> {
    let secret = builder.root().join("password");
    std::fs::write(&secret, PASSWORD)?;
    let args = [
        "admin",
        "create",
        "--given-name",
        "Ada",
        "--family-name",
        "Admin",
        "--login",
    ];
    let data = builder.data_dir();
    let args = args
        .map(std::ffi::OsString::from)
        .into_iter()
        .chain([login.into(), "--password-file".into(), secret.into()])
        .chain(["--data-dir".into(), data.into()]);
    let config = builder.root().join("preau.toml");
    let config = config.is_file().then(|| ["--config".into(), config.into()]);
    let args = args.chain(config.into_iter().flatten());
    let _ = preau(args, &[]).await?.success();
    Ok(())
}

/// A school with an authority of its own.
pub(crate) struct School {
    pub(crate) authority_id: String,
    pub(crate) id: String,
    /// Prefix of its people's logins.
    tag: String,
    gateway: String,
}

/// A class with its people, signed in.
#[derive(Clone)]
pub(crate) struct Class {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) teacher: Person,
    pub(crate) pupil: Person,
}

impl School {
    /// `uai` must have a right check letter.
    pub(crate) async fn create(
        platform_admin: &Person,
        gateway: &str,
        tag: &str,
        uai: &str,
    ) -> anyhow::Result<Self> {
        let mut directory = platform_admin.directory();
        let authority = CreateAuthorityRequest {
            name: format!("Région {tag}"),
        };
        let authority = directory
            .create_authority(authority)
            .await?
            .into_inner()
            .authority;
        let authority_id = authority.context("an authority")?.authority_id;
        let school = CreateSchoolRequest {
            authority_id: authority_id.clone(),
            uai: uai.to_owned(),
            name: format!("Lycée {tag}"),
        };
        let school = directory.create_school(school).await?.into_inner().school;
        Ok(Self {
            authority_id,
            id: school.context("a school")?.school_id,
            tag: tag.to_owned(),
            gateway: gateway.to_owned(),
        })
    }

    /// Somebody of the school, signed in.
    pub(crate) async fn person(
        &self,
        admin: &Person,
        name: &str,
        role: Role,
    ) -> anyhow::Result<Person> {
        let login = format!("{name}.{}", self.tag);
        self.account(admin, &login, role).await?;
        Person::sign_in(&self.gateway, &login, PASSWORD).await
    }

    /// Somebody of the school; answers the id.
    pub(crate) async fn account(
        &self,
        admin: &Person,
        login: &str,
        role: Role,
    ) -> anyhow::Result<String> {
        let request = CreatePersonRequest {
            school_id: self.id.clone(),
            given_name: "Prénom".into(),
            family_name: format!("Nom {login}"),
            role: role.into(),
            login: login.into(),
            password: PASSWORD.into(),
        };
        let answer = admin.directory().create_person(request).await?.into_inner();
        Ok(answer.person.context("a person")?.person_id)
    }

    /// A role on this school for somebody, from wherever.
    pub(crate) async fn grant(
        &self,
        admin: &Person,
        person: &str,
        role: Role,
    ) -> anyhow::Result<()> {
        let request = GrantRoleRequest {
            person_id: person.to_owned(),
            role: role.into(),
            scope: Some(Scope {
                on: Some(On::SchoolId(self.id.clone())),
            }),
            ..Default::default()
        };
        admin.directory().grant_role(request).await?;
        Ok(())
    }

    /// Somebody who administers the school's authority and holds nothing else.
    pub(crate) async fn authority_admin(&self, platform_admin: &Person) -> anyhow::Result<Person> {
        let login = format!("authority.{}", self.tag);
        let request = CreatePersonRequest {
            school_id: self.id.clone(),
            given_name: "Prénom".into(),
            family_name: "Nom".into(),
            role: Role::SchoolAdmin.into(),
            login: login.clone(),
            password: PASSWORD.into(),
        };
        let mut directory = platform_admin.directory();
        let person = directory.create_person(request).await?.into_inner().person;
        let person = person.context("a person")?;
        let request = GrantRoleRequest {
            person_id: person.person_id.clone(),
            role: Role::AuthorityAdmin.into(),
            scope: Some(Scope {
                on: Some(On::AuthorityId(self.authority_id.clone())),
            }),
            ..Default::default()
        };
        directory.grant_role(request).await?;
        let first = person
            .grants
            .first()
            .context("a first grant")?
            .grant_id
            .clone();
        directory
            .revoke_role(RevokeRoleRequest { grant_id: first })
            .await?;
        Person::sign_in(&self.gateway, &login, PASSWORD).await
    }

    /// A class with a teacher and a pupil of its own.
    pub(crate) async fn class(&self, admin: &Person, name: &str) -> anyhow::Result<Class> {
        let slug = name.to_lowercase().replace(' ', "-");
        let teacher = self
            .person(admin, &format!("teacher.{slug}"), Role::Teacher)
            .await?;
        let pupil = self
            .person(admin, &format!("pupil.{slug}"), Role::Student)
            .await?;
        let request = CreateClassRequest {
            school_id: self.id.clone(),
            name: name.to_owned(),
            main_teacher_id: teacher.id().to_owned(),
        };
        let class = admin
            .classes()
            .create_class(request)
            .await?
            .into_inner()
            .class;
        let id = class.context("a class")?.class_id;
        let request = EnrolRequest {
            class_id: id.clone(),
            person_id: pupil.id().to_owned(),
            part: Part::Student.into(),
        };
        admin.classes().enrol(request).await?;
        Ok(Class {
            id,
            name: name.to_owned(),
            teacher,
            pupil,
        })
    }
}
