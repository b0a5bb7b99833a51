//! Every wrong request gets an answer of its own, and changes nothing.

use std::time::{Duration, Instant};

use preau_harness::{Bearer, Failure, Person, Platform, Space, bytes, connect, sha256};
use preau_proto::files::v1::ListSpacesRequest;
use preau_proto::files::v1::space_service_client::SpaceServiceClient;
use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{SignInRequest, SignOutRequest};
use tonic::Code;
use tonic::service::interceptor::InterceptedService;

const PART: usize = 2 * 1024 * 1024;

async fn teacher_and_space() -> anyhow::Result<(Platform, Space)> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    Ok((platform, space))
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_get_one_answer_in_one_time() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let accounts = platform.accounts();
    let channel = connect(platform.gateway()).await?;
    let attempt = async |login: &str| {
        let request = SignInRequest {
            login: login.into(),
            password: "not the password".into(),
        };
        let start = Instant::now();
        let answer = SessionServiceClient::new(channel.clone())
            .sign_in(request)
            .await;
        (Failure::of(answer), start.elapsed())
    };
    // The fastest of several, since noise only ever adds; and of more where there is more
    // noise. A way that leaves the hashing out is faster by a factor that no noise makes up.
    let mut fastest = [Duration::MAX; 2];
    let mut answers = Vec::new();
    let mut rounds = 0..60;
    while let Some(round) = rounds.next() {
        // No login more than five times: whoever guesses on waits.
        let known = accounts[round / 5].login.clone();
        let unknown = format!("nobody.at.all.{}", round / 5);
        for (login, fastest) in [known, unknown].iter().zip(&mut fastest) {
            let (answer, time) = attempt(login).await;
            *fastest = time.min(*fastest);
            answers.push(answer);
        }
        if rounds.start >= 5 && alike(fastest) {
            break;
        }
    }
    assert_eq!(answers[0].code, Code::Unauthenticated, "{:?}", answers[0]);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert!(
        alike(fastest),
        "{fastest:?}: one is told from the other by time"
    );

    // Nothing changed: the accounts still sign in.
    let known = &accounts[0];
    Person::sign_in(platform.gateway(), &known.login, &known.password).await?;
    Ok(())
}

/// Within half and double of each other.
fn alike([one, other]: [Duration; 2]) -> bool {
    one < 2 * other && other < 2 * one
}

#[tokio::test]
async fn a_token_that_is_none_or_no_more_is_refused() -> anyhow::Result<()> {
    let (platform, space) = teacher_and_space().await?;
    let file = bytes("token", 100);
    space.upload("there.txt", &file).await?;
    let list = async |bearer: Bearer| {
        let channel = connect(platform.gateway()).await?;
        let caller = InterceptedService::new(channel, bearer);
        let answer = SpaceServiceClient::new(caller)
            .list_spaces(ListSpacesRequest {})
            .await;
        anyhow::Ok(answer)
    };
    for wrong in ["x", &"a".repeat(43), &space.person().token()[1..]] {
        let refused = Failure::of(list(Bearer::of(wrong)?).await?);
        assert_eq!(refused.code, Code::Unauthenticated, "{wrong}: {refused:?}");
    }
    let refused = Failure::of(list(Bearer::anonymous()).await?);
    assert_eq!(refused.code, Code::Unauthenticated, "{refused:?}");

    // A session that was ended is as good as none, at once.
    let again = platform.teacher(&platform.classes()[0]).await?;
    again.sessions().sign_out(SignOutRequest {}).await?;
    let refused = Failure::of(again.spaces().list_spaces(ListSpacesRequest {}).await);
    assert_eq!(refused.code, Code::Unauthenticated, "{refused:?}");

    assert_eq!(space.names().await?, ["there.txt"]);
    Ok(())
}

#[tokio::test]
async fn a_wrong_part_is_refused_and_nothing_of_it_is_kept() -> anyhow::Result<()> {
    let (_platform, space) = teacher_and_space().await?;
    let file = bytes("wrong parts", PART + 1_000);
    let upload = space.announce("film.mp4", file.len() as u64).await?;
    assert_eq!(upload.plan().part_count, 2);
    let (first, last) = (upload.part(&file, 0), upload.part(&file, 1));
    let longer = [last, b"x"].concat();
    let shorter = &first[1..];

    let cases: [(&str, u32, Vec<u8>, &[u8]); 8] = [
        ("hash of other bytes", 1, sha256(b"other"), last),
        ("hash of no length", 1, Vec::new(), last),
        ("hash of 31 bytes", 1, sha256(last)[1..].to_vec(), last),
        ("index past the end", 2, sha256(last), last),
        ("greatest index", u32::MAX, sha256(last), last),
        ("longer than the rest", 1, sha256(&longer), &longer),
        ("shorter than a part", 0, sha256(shorter), shorter),
        ("nothing at all", 0, sha256(b""), b""),
    ];
    for (case, index, hash, data) in cases {
        let refused = Failure::of(upload.put_with(index, hash, data).await);
        assert!(
            [Code::InvalidArgument, Code::OutOfRange].contains(&refused.code),
            "{case}: {refused:?}"
        );
        assert!(!refused.reason.is_empty(), "{case}: {refused:?}");
        assert_eq!(upload.missing().await?, [0, 1], "{case} changed the upload");
    }
    // And the upload still goes through.
    upload.put_all(&file).await?;
    let node = upload.commit(Some(&file)).await?;
    assert!(space.read(&node.node_id).await? == file);
    Ok(())
}

#[tokio::test]
async fn committing_too_early_or_under_another_hash_makes_no_file() -> anyhow::Result<()> {
    let (_platform, space) = teacher_and_space().await?;
    let file = bytes("early", PART + 1);
    let upload = space.announce("film.mp4", file.len() as u64).await?;
    upload.put(1, upload.part(&file, 1)).await?;

    let refused = Failure::of(upload.commit(None).await);
    assert_eq!(refused.code, Code::FailedPrecondition, "{refused:?}");
    assert_eq!(upload.missing().await?, [0]);
    assert!(space.names().await?.is_empty());

    upload.put(0, upload.part(&file, 0)).await?;
    for wrong in [blake3::hash(b"other").as_bytes().to_vec(), vec![0; 31]] {
        let refused = Failure::of(upload.commit_as(wrong).await);
        assert!(
            [Code::InvalidArgument, Code::FailedPrecondition].contains(&refused.code),
            "{refused:?}"
        );
        assert!(space.names().await?.is_empty());
    }
    // Twice is once.
    let node = upload.commit(Some(&file)).await?;
    assert_eq!(upload.commit(Some(&file)).await?, node);
    assert_eq!(space.names().await?, ["film.mp4"]);
    Ok(())
}

#[tokio::test]
async fn an_abandoned_upload_takes_no_more_parts() -> anyhow::Result<()> {
    let (_platform, space) = teacher_and_space().await?;
    let file = bytes("abandoned", 10);
    let upload = space.announce("brouillon.txt", 10).await?;
    upload.abort().await?;
    upload.abort().await?;
    for refused in [
        Failure::of(upload.put(0, &file).await),
        Failure::of(upload.commit(Some(&file)).await),
    ] {
        assert!(
            [Code::NotFound, Code::FailedPrecondition].contains(&refused.code),
            "{refused:?}"
        );
    }
    assert!(space.names().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn names_that_no_disk_could_hold_are_refused_naming_the_field() -> anyhow::Result<()> {
    let (_platform, space) = teacher_and_space().await?;
    let long = "n".repeat(300);
    let names = [
        "a/b",
        "/",
        "nul\0",
        "exe\u{202e}gpj.txt",
        "\u{2066}a",
        "a\nb",
        &long,
        "..",
        ".",
        "",
        "  ",
    ];
    for name in names {
        for refused in [
            Failure::of(space.announce(name, 1).await),
            Failure::of(space.folder("", name).await),
        ] {
            assert_eq!(refused.code, Code::InvalidArgument, "{name:?}: {refused:?}");
            assert_eq!(refused.fields, ["name"], "{name:?}: {refused:?}");
        }
    }
    assert!(space.names().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_name_equal_to_a_neighbour_under_folding_is_taken() -> anyhow::Result<()> {
    let (_platform, space) = teacher_and_space().await?;
    let node = space.upload("Été.txt", b"first").await?;
    for same in ["Été.txt", "ÉTÉ.TXT", "e\u{301}te\u{301}.txt"] {
        let refused = Failure::of(space.folder("", same).await);
        assert_eq!(refused.code, Code::AlreadyExists, "{same}: {refused:?}");
        // Refused when announced or, at the latest, when committed.
        let refused = match space.announce(same, 6).await {
            Err(status) => Failure::from(status),
            Ok(upload) => {
                upload.put(0, b"second").await?;
                Failure::of(upload.commit(Some(b"second")).await)
            }
        };
        assert_eq!(refused.code, Code::AlreadyExists, "{same}: {refused:?}");
    }
    assert_eq!(space.names().await?, ["Été.txt"]);
    assert_eq!(space.read(&node.node_id).await?, b"first");
    Ok(())
}

#[tokio::test]
async fn ids_that_are_none_and_pages_that_were_never_given_are_refused() -> anyhow::Result<()> {
    let (_platform, space) = teacher_and_space().await?;
    let node = space.upload("a.txt", b"a").await?;
    for id in [
        "",
        "x",
        "00000000-0000-0000-0000-00000000000g",
        &"9".repeat(1_000),
    ] {
        let refused = Failure::of(space.read(id).await);
        assert!(
            [Code::InvalidArgument, Code::NotFound].contains(&refused.code),
            "{id:?}: {refused:?}"
        );
    }
    let request = preau_proto::files::v1::ListFolderRequest {
        space_id: space.id().to_owned(),
        page_token: "%%%".into(),
        ..Default::default()
    };
    let refused = Failure::of(space.person().files().list_folder(request.clone()).await);
    assert_eq!(
        (refused.code, refused.fields),
        (Code::InvalidArgument, vec!["page_token".into()])
    );
    let request = preau_proto::files::v1::ListFolderRequest {
        page_token: String::new(),
        page_size: 1_000,
        ..request
    };
    let refused = Failure::of(space.person().files().list_folder(request).await);
    assert_eq!(
        (refused.code, refused.fields),
        (Code::InvalidArgument, vec!["page_size".into()])
    );

    let beyond = Failure::of(space.read_range(&node.node_id, 2, 0).await);
    assert_eq!(beyond.code, Code::OutOfRange, "{beyond:?}");
    let tebibytes = Failure::of(space.announce("huge", u64::MAX).await);
    assert_eq!(tebibytes.code, Code::InvalidArgument, "{tebibytes:?}");
    assert_eq!(space.names().await?, ["a.txt"]);
    Ok(())
}
