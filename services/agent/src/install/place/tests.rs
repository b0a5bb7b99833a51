use super::*;

const APP: &str = "fr.example.app";

struct Stand {
    dir: tempfile::TempDir,
    place: Place,
}

fn stand() -> Stand {
    let dir = tempfile::tempdir().expect("a directory");
    let place = Place::new(&dir.path().join("prefix"));
    Stand { dir, place }
}

impl Stand {
    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join("prefix").join(below)
    }

    fn outside(&self) -> PathBuf {
        let outside = self.dir.path().join("outside");
        fs::create_dir_all(&outside).expect("made");
        outside
    }

    fn install(&self, version: &str) -> Result<(), Refused> {
        let release = Verified {
            release_id: ReleaseId::new(),
            app: APP.into(),
            version: version.into(),
            file_name: "app".into(),
            size: 1,
            sha256: [0; 32],
            blake3: [0; 32],
            executable: true,
        };
        let fetched = self.place.fetching(release.release_id)?;
        fs::write(&fetched, version).expect("written");
        self.place.install(&fetched, &release)
    }

    fn current(&self) -> String {
        let file = self.path("apps/fr.example.app/current/app");
        fs::read_to_string(file).unwrap_or_default()
    }
}

fn is_refused(outcome: Result<(), Refused>) -> bool {
    matches!(outcome, Err(Refused::For(reason)) if reason.contains("something else"))
}

#[test]
fn the_link_leads_to_the_latest_version_and_older_ones_go() {
    let stand = stand();
    stand.install("1").expect("installed");
    assert_eq!(stand.current(), "1");
    stand.install("2").expect("installed");
    stand.install("2").expect("installed again");
    assert_eq!(stand.current(), "2");
    stand.place.remove_but(APP, "2").expect("removed");
    assert!(!stand.place.has(APP, "1", "app") && stand.place.has(APP, "2", "app"));
    let mode = fs::metadata(stand.path("apps/fr.example.app/2/app"))
        .expect("there")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o755);
    stand.place.remove(APP).expect("removed");
    assert!(!stand.path("apps/fr.example.app").exists());
    stand.place.remove(APP).expect("gone already");
}

#[test]
fn links_planted_among_the_directories_lead_nowhere() {
    for planted in [
        ".fetching",
        "apps",
        "apps/fr.example.app",
        "apps/fr.example.app/1",
    ] {
        let (stand, at) = (stand(), planted);
        let outside = stand.outside();
        fs::create_dir_all(stand.path(at).parent().expect("a parent")).expect("made");
        symlink(&outside, stand.path(at)).expect("planted");
        assert!(is_refused(stand.install("1")), "{at}");
        assert_eq!(fs::read_dir(&outside).expect("there").count(), 0, "{at}");
    }
}

#[test]
fn links_planted_at_the_files_are_replaced_and_not_followed() {
    let stand = stand();
    let file = stand.outside().join("file");
    fs::write(&file, "untouched").expect("written");
    fs::create_dir_all(stand.path("apps/fr.example.app/1")).expect("made");
    symlink(&file, stand.path("apps/fr.example.app/1/app")).expect("planted");
    symlink(stand.outside(), stand.path("apps/fr.example.app/current")).expect("planted");
    stand.install("1").expect("installed");
    assert_eq!(stand.current(), "1");
    stand.place.remove(APP).expect("removed");
    assert_eq!(fs::read_to_string(&file).expect("there"), "untouched");
}

#[test]
fn a_link_in_the_place_of_bytes_that_come_together_is_refused() {
    let stand = stand();
    let file = stand.outside().join("file");
    fs::write(&file, "untouched").expect("written");
    let release = ReleaseId::new();
    let at = stand.place.fetching(release).expect("a place");
    symlink(&file, &at).expect("planted");
    assert!(is_refused(stand.place.fetching(release).map(drop)));
}

#[test]
fn an_app_whose_directory_was_replaced_by_a_link_is_removed_without_what_the_link_leads_to() {
    let stand = stand();
    stand.install("1").expect("installed");
    fs::remove_dir_all(stand.path("apps/fr.example.app")).expect("taken away");
    let outside = stand.outside();
    fs::create_dir(outside.join("current")).expect("made");
    fs::write(outside.join("current/homework"), b"mine").expect("written");
    symlink(&outside, stand.path("apps/fr.example.app")).expect("planted");
    stand.place.remove(APP).expect("removed");
    assert!(fs::symlink_metadata(stand.path("apps/fr.example.app")).is_err());
    assert_eq!(
        fs::read(outside.join("current/homework")).expect("there"),
        b"mine"
    );
}
