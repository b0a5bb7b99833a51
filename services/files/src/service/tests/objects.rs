//! Bytes of another service.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use preau_mesh::{Channel, Reported, with_principal};
use preau_proto::files::v1 as wire;
use preau_proto::files::v1::object_service_client::ObjectServiceClient;
use preau_proto::policy::v1::Role;
use tonic::{Code, Request};

use super::person::{Answer, bytes, reason};
use super::world::{PART, World};

/// The service that keeps objects here.
struct Apps(ObjectServiceClient<Channel>);

impl Apps {
    fn of(world: &World) -> Self {
        Self(ObjectServiceClient::new(world.pair.client_as("apps")))
    }

    async fn create(&self, size: usize) -> wire::CreateObjectResponse {
        let size = u64::try_from(size).unwrap();
        let message = wire::CreateObjectRequest { size };
        let created = self.0.clone().create_object(message).await;
        created.unwrap().into_inner()
    }

    async fn put(&self, object: &str, index: usize, part: &[u8]) -> Answer<u32> {
        let message = wire::PutObjectPartRequest {
            object_id: object.into(),
            index: u32::try_from(index).unwrap(),
            sha256: digest(&SHA256, part).as_ref().to_vec(),
            data: Bytes::copy_from_slice(part),
        };
        let answer = self.0.clone().put_object_part(message).await?;
        Ok(answer.into_inner().missing)
    }

    async fn get(&self, object: &str) -> Answer<wire::GetObjectResponse> {
        let object_id = object.into();
        let message = wire::GetObjectRequest { object_id };
        Ok(self.0.clone().get_object(message).await?.into_inner())
    }

    async fn commit(&self, object: &str, data: &[u8]) -> Answer<u64> {
        let message = wire::CommitObjectRequest {
            object_id: object.into(),
            blake3: blake3::hash(data).as_bytes().to_vec(),
        };
        Ok(self.0.clone().commit_object(message).await?.get_ref().size)
    }

    async fn read(&self, object: &str, offset: u64, length: u64) -> Answer<Vec<u8>> {
        let message = wire::ReadObjectRequest {
            object_id: object.into(),
            offset,
            length,
        };
        let mut frames = self.0.clone().read_object(message).await?.into_inner();
        let mut bytes = Vec::new();
        while let Some(frame) = frames.message().await? {
            bytes.extend(frame.data);
        }
        Ok(bytes)
    }

    async fn delete(&self, object: &str) {
        let object_id = object.into();
        let message = wire::DeleteObjectRequest { object_id };
        self.0.clone().delete_object(message).await.unwrap();
    }

    async fn keep(&self, data: &[u8]) -> String {
        let object = self.create(data.len()).await.object_id;
        for (index, part) in data.chunks(PART).enumerate() {
            self.put(&object, index, part).await.unwrap();
        }
        self.commit(&object, data).await.unwrap();
        object
    }
}

#[tokio::test]
async fn a_service_keeps_bytes_and_reads_them_by_ranges() {
    let world = World::new().await;
    let (apps, data) = (Apps::of(&world), bytes(3 * PART + 10));
    let created = apps.create(data.len()).await;
    assert_eq!((created.part_size, created.part_count), (1024, 4));
    let object = created.object_id;
    assert_eq!(apps.put(&object, 2, &data[2048..3072]).await.unwrap(), 3);
    assert_eq!(reason(apps.read(&object, 0, 0).await), "OBJECT_OPEN");
    assert_eq!(reason(apps.commit(&object, &data).await), "PARTS_MISSING");
    let state = apps.get(&object).await.unwrap();
    let run = |first, count| wire::ObjectRun { first, count };
    assert_eq!(state.missing, [run(0, 2), run(3, 1)]);
    assert!(!state.committed);

    for (index, part) in data.chunks(PART).enumerate() {
        apps.put(&object, index, part).await.unwrap();
    }
    assert_eq!(
        reason(apps.commit(&object, b"other").await),
        "HASH_MISMATCH"
    );
    let size = u64::try_from(data.len()).unwrap();
    for _ in 0..2 {
        assert_eq!(apps.commit(&object, &data).await.unwrap(), size);
    }
    assert_eq!(
        reason(apps.commit(&object, b"other").await),
        "HASH_MISMATCH"
    );
    let state = apps.get(&object).await.unwrap();
    assert!(state.committed && state.missing.is_empty());
    assert_eq!(apps.read(&object, 0, 0).await.unwrap(), data);
    assert_eq!(
        apps.read(&object, 1000, 100).await.unwrap(),
        data[1000..1100]
    );
    assert_eq!(apps.read(&object, size, 0).await.unwrap(), b"");
    let beyond = apps.read(&object, size + 1, 0).await;
    assert_eq!(reason(beyond), "RANGE_OUTSIDE");
    let late = apps.put(&object, 0, &data[..PART]).await;
    assert_eq!(reason(late), "OBJECT_COMMITTED");
}

#[tokio::test]
async fn a_deleted_object_is_gone_for_good_and_its_bytes_are_swept() {
    let world = World::new().await;
    let apps = Apps::of(&world);
    let object = apps.keep(&bytes(2 * PART)).await;
    assert_eq!(world.objects(), 2);
    apps.delete(&object).await;
    apps.delete(&object).await;
    assert_eq!(reason(apps.read(&object, 0, 0).await), "NOT_FOUND");
    assert_eq!(reason(apps.get(&object).await), "NOT_FOUND");
    world.sweep().await;
    assert_eq!(world.objects(), 0);
}

#[tokio::test]
async fn an_object_that_is_not_committed_in_time_takes_nothing_any_more() {
    let world = World::new().await;
    let (apps, data) = (Apps::of(&world), bytes(PART));
    let object = apps.create(data.len()).await.object_id;
    apps.put(&object, 0, &data).await.unwrap();
    world.advance(Duration::from_secs(48 * 60 * 60));
    for _ in 0..2 {
        assert_eq!(reason(apps.put(&object, 0, &data).await), "OBJECT_EXPIRED");
        assert_eq!(reason(apps.get(&object).await), "OBJECT_EXPIRED");
        assert_eq!(reason(apps.commit(&object, &data).await), "OBJECT_EXPIRED");
        world.sweep().await;
    }
    assert_eq!(world.objects(), 0);
}

#[tokio::test]
async fn nobody_but_the_service_reaches_an_object() {
    let world = World::new().await;
    let apps = Apps::of(&world);
    let object = apps.keep(&bytes(PART)).await;

    // Another workload, even with an operator behind it.
    let mut request = Request::new(wire::GetObjectRequest {
        object_id: object.clone(),
    });
    with_principal(&mut request, &world.pair.token_for(Role::PlatformAdmin));
    let mut gateway = ObjectServiceClient::new(world.pair.client());
    let refused = gateway.get_object(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");

    // An object's id is no node's, no upload's and no space's.
    let teacher = world.teacher(&world.class("2nde B"));
    let space = teacher.space().await;
    let read = teacher.read(&space, &object).await.unwrap_err();
    assert_eq!(Reported::of(&read).reason, "NOT_FOUND");
    let put = teacher.put(&object, 0, b"x").await;
    assert_eq!(reason(put), "NOT_FOUND");
    let read = teacher.read(&object, &object).await.unwrap_err();
    assert_eq!(Reported::of(&read).reason, "NOT_FOUND");
    assert_eq!(apps.read(&object, 0, 0).await.unwrap(), bytes(PART));
}
