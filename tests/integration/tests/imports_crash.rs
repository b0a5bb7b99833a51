//! SIGKILL at any moment of applying a roster: afterwards all of it is there, or nothing.

use std::time::{Duration, Instant};

use preau_harness::{Person, PlatformBuilder, Roster};
use preau_proto::roster::v1::{Import, ImportState};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::importing::{self, Place, State, UAI};

const KILLS: u32 = 12;
/// Of the moments of death. A run that fails prints which kill it was.
const SEED: u64 = 0x7072_6561_7520;
const PUPILS: usize = 200;
/// Far longer than an import that was decided takes to be finished at a start.
const PATIENCE: Duration = Duration::from_secs(60);

/// The two rosters that follow each other: names, classes and who is in them all differ, people do not.
fn roster(odd: bool) -> Vec<u8> {
    let mut roster = Roster::new(UAI, "crash");
    let pupils: Vec<String> = (0..PUPILS).map(|n| format!("eleve{n:03}")).collect();
    for pupil in &pupils {
        roster.pupil(pupil);
    }
    roster.teacher("monge");
    let names: Vec<&str> = pupils.iter().map(String::as_str).collect();
    let (first, second) = names.split_at(if odd { 60 } else { 140 });
    roster.class("C1", "2de A", &["monge"], first);
    roster.class("C2", "2de B", &["monge"], second);
    let files = roster.files();
    if !odd {
        return files.zip();
    }
    let users = String::from_utf8(files.bytes("users.csv").to_vec()).unwrap();
    files
        .with("users.csv", users.replace(",Nom eleve", ",Épouse eleve"))
        .zip()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_leaves_the_whole_roster_or_none_of_it() -> anyhow::Result<()> {
    kills(PlatformBuilder::empty()?, KILLS).await
}

/// The story, for every database.
pub(crate) async fn kills(builder: PlatformBuilder, kills: u32) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut place = Place::on(builder).await?;
    let zips = [roster(false), roster(true)];
    // What each of them makes of the school, and how long applying it takes at most.
    let mut made = Vec::new();
    let mut whole = Duration::ZERO;
    for zip in [&zips[1], &zips[0], &zips[1]] {
        let checked = importing::check(&place.admin, &place.school.id, zip).await?;
        let begun = Instant::now();
        importing::apply(&place.admin, &checked).await?;
        whole = begun.elapsed();
        made.push(place.state().await?);
    }
    let made = &made[1..];
    assert_ne!(made[0], made[1]);
    let (mut now, mut fates) = (1, [0, 0]);
    for kill in 0..kills {
        let next = 1 - now;
        let checked = importing::check(&place.admin, &place.school.id, &zips[next]).await?;
        assert_eq!(
            checked.state(),
            ImportState::Ready,
            "kill {kill}: {checked:#?}"
        );
        let applying = {
            let (admin, checked) = (place.admin.clone(), checked.clone());
            tokio::spawn(async move { importing::apply(&admin, &checked).await })
        };
        // From "not yet sent" to "just answered", evenly, and anywhere in each part.
        let moment = match kill {
            0 => Duration::ZERO,
            _ => whole * kill / (kills - 2) + whole.mul_f64(random.random::<f64>()) / kills,
        };
        let begun = Instant::now();
        // The last one comes too late.
        while !applying.is_finished() && (begun.elapsed() < moment || kill == kills - 1) {
            tokio::task::yield_now().await;
        }
        place = place.killed().await?;
        let answered = applying.await?.is_ok();
        let import = settled(&place.admin, &checked.import_id).await?;
        let applied = import.state() == ImportState::Applied;
        assert!(
            applied || import.state() == ImportState::Ready,
            "kill {kill}: {import:#?}"
        );
        assert!(applied || !answered, "kill {kill}: an answer was lost");
        let state = place.state().await?;
        assert_is(&state, &made[if applied { next } else { now }], kill);
        fates[usize::from(applied)] += 1;
        // What was not applied still can be.
        if !applied {
            importing::apply(&place.admin, &import).await?;
            assert_is(&place.state().await?, &made[next], kill);
        }
        now = next;
    }
    assert!(
        fates.iter().all(|fate| *fate > 0),
        "{fates:?}: all the same"
    );
    let (end, _) = place.platform.terminate().await?;
    assert_eq!(end.code, Some(0), "{end:#?}");
    Ok(())
}

/// The import once the server has finished what was decided.
async fn settled(admin: &Person, import_id: &str) -> anyhow::Result<Import> {
    let settle = async {
        loop {
            let import = importing::get(admin, import_id).await?;
            if import.state() != ImportState::Applying {
                return anyhow::Ok(import);
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, settle).await?
}

fn assert_is(found: &State, expected: &State, kill: u32) {
    assert!(
        found == expected,
        "kill {kill}: neither whole nor nothing: {:?} instead of {:?}\n{found:#?}\n{expected:#?}",
        found.counts(),
        expected.counts()
    );
}
