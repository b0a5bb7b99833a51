use bytes::Bytes;
use preau_kernel::access::Authorized;
use preau_kernel::ids::{PersonId, UploadId};

use super::{NOW, both, draft, folder, proof, space};
use crate::domain::{Draft, Folder, Node, Space, Upload, UploadState};
use crate::error::Error;
use crate::store::{Commitment, Store};

/// An upload of one part, sent and not committed.
pub(super) async fn sent(
    store: &Store,
    space: &Space,
    draft: &Draft,
    bytes: &'static [u8],
) -> Authorized<Upload> {
    let size = bytes.len() as u64;
    let plan = store
        .create_upload(&proof(space.clone()), draft, size)
        .await
        .unwrap();
    let upload = store
        .upload(plan.upload.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let upload = proof(upload);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let sha256 = digest.as_ref().try_into().unwrap();
    let missing = store
        .put_part(&upload, 0, &sha256, Bytes::from_static(bytes))
        .await;
    assert_eq!(missing.unwrap(), 0);
    upload
}

/// Commits what nothing stands in the way of.
pub(super) async fn commit(store: &Store, space: &Space, upload: &Authorized<Upload>) -> Node {
    match store.commit_upload(upload, space, None, NOW).await.unwrap() {
        Commitment::Made(node) => node,
        Commitment::Closed(state) => panic!("closed: {state:?}"),
    }
}

#[tokio::test]
async fn an_upload_reads_back_as_it_was_announced() {
    both(async |store, _| {
        let space = space(&store).await;
        let parent = folder(&store, &space, None, "parent").await;
        for parent in [None, Some(parent.id)] {
            let draft = draft(parent, "Devoir.pdf", PersonId::new());
            let plan = store
                .create_upload(&proof(space.clone()), &draft, 5000)
                .await
                .unwrap();
            assert_eq!((plan.part_size, plan.part_count), (1024, 5));
            let id = plan.upload.parse().unwrap();
            let expected = Upload {
                id,
                space: space.id,
                tenant: space.tenant.clone(),
                parent,
                name: draft.name,
                person: draft.person,
                state: UploadState::Open,
            };
            assert_eq!(store.upload(id).await.unwrap(), Some(expected));
        }
        assert_eq!(store.upload(UploadId::new()).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn of_many_commits_of_an_upload_one_makes_the_file() {
    both(async |store, _| {
        let space = space(&store).await;
        let upload = sent(&store, &space, &draft(None, "a", PersonId::new()), b"a").await;
        let commits = (0..4).map(|_| store.commit_upload(&upload, &space, None, NOW));
        let outcomes = futures::future::join_all(commits).await;
        let mut made = Vec::new();
        let mut closed = Vec::new();
        for outcome in outcomes {
            match outcome.unwrap() {
                Commitment::Made(node) => made.push(node),
                Commitment::Closed(state) => closed.push(state),
            }
        }
        let [node] = &made[..] else {
            panic!("{made:?}")
        };
        assert_eq!(closed, [UploadState::Committed(node.id); 3]);

        let stored = store.upload(upload.get().id).await.unwrap().unwrap();
        assert_eq!(stored.state, UploadState::Committed(node.id));
        let proof = proof(space);
        let all = store
            .children_after(&proof, Folder::ROOT, "", 10)
            .await
            .unwrap();
        assert_eq!(all, made);
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_finds_its_name_taken_leaves_the_upload_open() {
    both(async |store, _| {
        let space = space(&store).await;
        let upload = sent(&store, &space, &draft(None, "a", PersonId::new()), b"a").await;
        let neighbour = folder(&store, &space, None, "A").await;

        let refused = store.commit_upload(&upload, &space, None, NOW).await;
        assert!(
            matches!(refused, Err(Error::NameTaken { by: Some(by) }) if by == neighbour.id),
            "{refused:?}"
        );
        let stored = store.upload(upload.get().id).await.unwrap().unwrap();
        assert_eq!(stored.state, UploadState::Open);
        assert_eq!(store.progress(&upload).await.unwrap().missing, []);
    })
    .await;
}

#[tokio::test]
async fn two_uploads_of_one_name_committed_at_once_make_one_file() {
    both(async |store, _| {
        let space = space(&store).await;
        let one = sent(&store, &space, &draft(None, "a", PersonId::new()), b"one").await;
        let other = sent(&store, &space, &draft(None, "A", PersonId::new()), b"other").await;
        let (first, second) = futures::join!(
            store.commit_upload(&one, &space, None, NOW),
            store.commit_upload(&other, &space, None, NOW),
        );
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
        let loser = if first.is_ok() { &other } else { &one };
        let stored = store.upload(loser.get().id).await.unwrap().unwrap();
        assert_eq!(stored.state, UploadState::Open);
    })
    .await;
}

#[tokio::test]
async fn giving_up_answers_the_state_it_finds() {
    both(async |store, _| {
        let space = space(&store).await;
        let upload = sent(&store, &space, &draft(None, "a", PersonId::new()), b"a").await;
        for _ in 0..2 {
            assert_eq!(
                store.abort_upload(&upload).await.unwrap(),
                UploadState::Aborted
            );
        }
        let late = store
            .commit_upload(&upload, &space, None, NOW)
            .await
            .unwrap();
        assert_eq!(late, Commitment::Closed(UploadState::Aborted));

        let upload = sent(&store, &space, &draft(None, "a", PersonId::new()), b"a").await;
        let node = commit(&store, &space, &upload).await;
        let state = store.abort_upload(&upload).await.unwrap();
        assert_eq!(state, UploadState::Committed(node.id));
        assert_eq!(
            store.node(&proof(space), node.id).await.unwrap(),
            Some(node)
        );
    })
    .await;
}
