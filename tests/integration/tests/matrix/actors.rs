//! Everybody who could call, and how each stands to the objects of the tests.
//!
//! All objects belong to one class of one school of one authority, and to that
//! class's pupil where they belong to a person.

use std::time::{SystemTime, UNIX_EPOCH};

use preau_harness::{Device, Invitation, Person, Platform, PlatformBuilder, Space};
use preau_proto::apps::v1::AssignReleaseRequest;
use preau_proto::apps::v1::deployment_service_client::DeploymentServiceClient;
use preau_proto::contract::{Relation, Role};
use preau_storage_database::{Db, Scope, SqliteOptions};

use crate::publishing::{Publisher, publish};
use crate::school::{Class, PASSWORD, School, create_first_admin};

/// Somebody, or nobody.
pub(crate) struct Actor {
    pub(crate) name: &'static str,
    /// Absent: no valid session.
    pub(crate) role: Option<Role>,
    /// Absent: no session at all.
    pub(crate) person: Option<Person>,
    /// The relations in which the actor stands to the tests' objects.
    relations: Vec<Relation>,
}

impl Actor {
    /// Whether `relation` holds to the object that the request field `object` names.
    pub(crate) fn stands(&self, relation: Relation, object: &str) -> bool {
        // Without a field the object is the caller.
        (relation == Relation::Self_ && object.is_empty()) || self.relations.contains(&relation)
    }
}

/// The platform, the place where the objects are, and everybody.
pub(crate) struct Cast {
    pub(crate) platform: Platform,
    pub(crate) here: School,
    pub(crate) class: Class,
    /// Of the class, as its teacher sees it.
    pub(crate) space: Space,
    /// As the pupil to whom objects belong sees it.
    pub(crate) pupils_space: Space,
    /// May do everything that prepares a cell.
    pub(crate) root: Person,
    /// Of the school.
    pub(crate) device: Device,
    pub(crate) as_device: Person,
    /// Of another school.
    pub(crate) stranger: Device,
    pub(crate) publisher: Publisher,
    /// Of an app that the school's devices are to have: its id.
    pub(crate) release: String,
    pub(crate) actors: Vec<Actor>,
}

impl Cast {
    pub(crate) async fn assemble() -> anyhow::Result<Self> {
        let builder = PlatformBuilder::empty()?;
        create_first_admin(&builder, "root").await?;
        let platform = builder.start().await?;
        let url = platform.gateway().to_owned();
        let root = Person::sign_in(&url, "root", PASSWORD).await?;
        let here = School::create(&root, &url, "ici", "0951099D").await?;
        let there = School::create(&root, &url, "ailleurs", "0870003F").await?;
        let class = here.class(&root, "2nde A").await?;
        let next_door = here.class(&root, "2nde B").await?;
        let abroad = there.class(&root, "2nde A").await?;
        let expired = Person::sign_in(&url, "teacher.2nde-a.ici", PASSWORD).await?;

        use Relation::{Authority, Member, Platform as Whole, School as OfSchool, Self_, Teaches};
        use preau_proto::policy::v1::Role as Wire;
        let head = here.person(&root, "head", Wire::SchoolAdmin).await?;
        let head_there = there.person(&root, "head", Wire::SchoolAdmin).await?;
        let region = here.authority_admin(&root).await?;
        let region_there = there.authority_admin(&root).await?;
        let mut actors = vec![
            actor(
                "the pupil",
                Role::Student,
                &class.pupil,
                &[Self_, Member, OfSchool],
            ),
            actor(
                "a pupil of another class",
                Role::Student,
                &next_door.pupil,
                &[OfSchool],
            ),
            actor(
                "a pupil of another school",
                Role::Student,
                &abroad.pupil,
                &[],
            ),
            actor(
                "the teacher",
                Role::Teacher,
                &class.teacher,
                &[Member, Teaches, OfSchool],
            ),
            actor(
                "a teacher of another class",
                Role::Teacher,
                &next_door.teacher,
                &[OfSchool],
            ),
            actor(
                "a teacher of another school",
                Role::Teacher,
                &abroad.teacher,
                &[],
            ),
            actor(
                "the school's administrator",
                Role::SchoolAdmin,
                &head,
                &[OfSchool],
            ),
            actor(
                "another school's administrator",
                Role::SchoolAdmin,
                &head_there,
                &[],
            ),
            actor(
                "the authority's administrator",
                Role::AuthorityAdmin,
                &region,
                &[Authority],
            ),
            actor(
                "another authority's administrator",
                Role::AuthorityAdmin,
                &region_there,
                &[],
            ),
            actor(
                "the platform's administrator",
                Role::PlatformAdmin,
                &root,
                &[Whole],
            ),
        ];
        let (device, as_device) = enrolled(&root, &here, &url).await?;
        let (stranger, as_stranger) = enrolled(&root, &there, &url).await?;
        actors.push(actor(
            "the device",
            Role::Device,
            &as_device,
            &[Self_, OfSchool],
        ));
        actors.push(actor(
            "a device of another school",
            Role::Device,
            &as_stranger,
            &[],
        ));
        let nobody = |name, person| Actor {
            name,
            role: None,
            person,
            relations: Vec::new(),
        };
        actors.push(nobody("nobody", None));
        actors.push(nobody(
            "somebody whose session expired",
            Some(expired.clone()),
        ));

        let publisher = Publisher::generate()?;
        let release = assigned(&root, &publisher, &here.id).await?;
        let platform = expire(platform, expired.id()).await?;
        let mut cast = Self {
            space: class.teacher.space_by_id(""),
            pupils_space: class.pupil.space_by_id(""),
            platform,
            here,
            class,
            root,
            device,
            as_device,
            stranger,
            publisher,
            release,
            actors,
        };
        cast.move_to_new_address().await?;
        Ok(cast)
    }

    /// Sessions outlive a restart, connections do not.
    async fn move_to_new_address(&mut self) -> anyhow::Result<()> {
        let url = self.platform.gateway().to_owned();
        for actor in &mut self.actors {
            if let Some(person) = &mut actor.person {
                *person = person.elsewhere(&url).await?;
            }
        }
        self.device.moved(&url);
        self.as_device = self.as_device.elsewhere(&url).await?;
        self.root = self.root.elsewhere(&url).await?;
        self.class.teacher = self.class.teacher.elsewhere(&url).await?;
        self.class.pupil = self.class.pupil.elsewhere(&url).await?;
        self.space = self.class.teacher.space(&self.class.name).await?;
        self.pupils_space = self.class.pupil.space(&self.class.name).await?;
        Ok(())
    }
}

/// A device of the school, as itself and as a caller.
async fn enrolled(root: &Person, school: &School, url: &str) -> anyhow::Result<(Device, Person)> {
    let invitation = Invitation::create(root, &school.id, 1).await?;
    let device = Device::enroll(url, &invitation.secret).await??;
    let caller = device.sign_in().await?;
    Ok((device, caller))
}

/// A release that the school's devices are to have; answers its id.
async fn assigned(root: &Person, publisher: &Publisher, school: &str) -> anyhow::Result<String> {
    publisher.register(root).await?;
    let release = publish(root, publisher, "fr.exemple.matrice", "1.0", b"application").await?;
    let release_id = release.release_id;
    let request = AssignReleaseRequest {
        school_id: school.to_owned(),
        release_id: release_id.clone(),
    };
    let mut deployment = DeploymentServiceClient::new(root.caller());
    deployment.assign_release(request).await?;
    Ok(release_id)
}

fn actor(name: &'static str, role: Role, person: &Person, relations: &[Relation]) -> Actor {
    Actor {
        name,
        role: Some(role),
        person: Some(person.clone()),
        relations: relations.to_vec(),
    }
}

/// Lets a person's latest session run out: nobody waits for hours, so its row is changed while
/// the platform stands still.
async fn expire(platform: Platform, person: &str) -> anyhow::Result<Platform> {
    let (end, builder) = platform.terminate().await?;
    anyhow::ensure!(end.code == Some(0), "{end:#?}");
    let path = builder.data_dir().join("identity").join("identity.db");
    let db = Db::open_sqlite(&path, SqliteOptions::default()).await?;
    let past = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as i64 - 1_000_000;
    let mut tx = db.begin(Scope::Platform).await?;
    let sql = "UPDATE sessions SET expires_at = $1 WHERE id =
        (SELECT id FROM sessions WHERE person_id = $2 ORDER BY created_at DESC LIMIT 1)";
    let changed = tx.execute(sql, &[past.into(), person.into()]).await?;
    anyhow::ensure!(changed == 1, "{changed} sessions matched");
    tx.commit().await?;
    db.close().await;
    builder.start().await
}
