use super::*;
use crate::state::Stage;

struct Screen {
    dir: tempfile::TempDir,
    hands: Hands,
}

fn screen() -> Screen {
    let dir = tempfile::tempdir().expect("a directory");
    let hands = Hands::new(&dir.path().join("prefix"), Durability::Synced);
    Screen { dir, hands }
}

impl Screen {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("prefix").join(name)
    }

    fn messages(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path(MESSAGES)).unwrap_or_default();
        let lines = text.lines().map(serde_json::from_str::<Line>);
        lines
            .map(|line| line.expect("a line of JSON").text)
            .collect()
    }
}

fn record(what: What) -> Record {
    Record {
        id: CommandId::new(),
        told: 1,
        what,
        expires_at: 0,
        stage: Stage::Accepted,
    }
}

fn message(text: &str) -> Record {
    record(What::Message { text: text.into() })
}

const DONE: Performed = Performed::Done { again: false };
const AGAIN: Performed = Performed::Done { again: true };

#[test]
fn a_message_is_written_once_and_keeps_its_lines() {
    let screen = screen();
    let one = message("Rangez vos affaires.\nMerci.");
    assert_eq!(screen.hands.perform(&one), DONE);
    assert_eq!(screen.hands.perform(&one), AGAIN);
    assert_eq!(screen.hands.perform(&message("two")), DONE);
    assert_eq!(screen.messages(), ["Rangez vos affaires.\nMerci.", "two"]);
}

#[test]
fn half_a_line_of_a_power_cut_is_written_over() {
    let screen = screen();
    screen.hands.perform(&message("one"));
    let mut log = OpenOptions::new()
        .append(true)
        .open(screen.path(MESSAGES))
        .expect("opened");
    let two = message("two");
    write!(log, "{{\"command_id\":\"{}\",\"te", two.id).expect("written");
    assert_eq!(screen.hands.perform(&two), DONE);
    assert_eq!(screen.messages(), ["one", "two"]);
}

#[test]
fn a_long_log_becomes_the_one_before_and_is_still_looked_at() {
    let screen = screen();
    let first = message("first");
    screen.hands.perform(&first);
    let long = message(&"x".repeat(1 << 20));
    screen.hands.perform(&long);
    let last = message("last");
    assert_eq!(screen.hands.perform(&last), DONE);
    assert_eq!(screen.messages(), ["last"]);
    assert_eq!(screen.hands.perform(&first), AGAIN);
}

#[test]
fn a_lock_shows_its_notice_until_an_unlock() {
    let screen = screen();
    let notice = "Examen".to_owned();
    let (lock, unlock) = (record(What::Lock { notice }), record(What::Unlock));
    assert_eq!(screen.hands.perform(&lock), DONE);
    assert_eq!(screen.hands.perform(&lock), AGAIN);
    assert_eq!(
        fs::read_to_string(screen.path(LOCKED)).expect("locked"),
        "Examen"
    );
    assert_eq!(screen.hands.perform(&unlock), DONE);
    assert_eq!(screen.hands.perform(&unlock), AGAIN);
    assert!(!screen.path(LOCKED).exists());
}

#[test]
fn nothing_is_locked_while_somebody_is_busy() {
    let screen = screen();
    fs::create_dir_all(screen.path("")).expect("made");
    fs::write(screen.path(BUSY), b"").expect("written");
    let notice = String::new();
    let lock = record(What::Lock { notice });
    assert_eq!(
        screen.hands.perform(&lock),
        Performed::NotNow("busy".into())
    );
    assert_eq!(screen.hands.perform(&message("still told")), DONE);
    assert_eq!(screen.hands.perform(&record(What::Unlock)), DONE);
    fs::remove_file(screen.path(BUSY)).expect("removed");
    assert_eq!(screen.hands.perform(&lock), DONE);
    assert!(screen.path(LOCKED).exists());
}

#[test]
fn a_planted_link_leads_nothing_out_of_the_prefix() {
    let screen = screen();
    let outside = screen.dir.path().join("outside");
    fs::write(&outside, b"untouched").expect("written");
    fs::create_dir_all(screen.path("")).expect("made");
    for name in [MESSAGES, LOCKED, SCREEN] {
        std::os::unix::fs::symlink(&outside, screen.path(name)).expect("planted");
    }
    assert!(matches!(
        screen.hands.perform(&message("x")),
        Performed::NotNow(_)
    ));
    let notice = "locked".to_owned();
    assert_eq!(screen.hands.perform(&record(What::Lock { notice })), DONE);
    assert_eq!(fs::read(&outside).expect("there"), b"untouched");
    assert_eq!(fs::read(screen.path(LOCKED)).expect("there"), b"locked");
}

#[test]
fn what_is_not_known_fails_for_good() {
    let done = screen().hands.perform(&record(What::Unknown));
    assert_eq!(
        done,
        Performed::Failed("this agent does not know how".into())
    );
}

#[test]
fn what_was_written_over_the_last_lock_keeps_no_lock_from_being_done() {
    let screen = screen();
    fs::create_dir_all(screen.path("")).expect("made");
    let unlock = record(What::Unlock);
    for garbage in [vec![0xff; 36], Vec::new(), vec![b'x'; 1 << 20]] {
        fs::write(screen.path(SCREEN), garbage).expect("planted");
        assert_eq!(screen.hands.perform(&unlock), DONE);
        assert_eq!(screen.hands.perform(&unlock), AGAIN);
    }
    fs::remove_file(screen.path(SCREEN)).expect("removed");
    // Nobody writes into it: whoever opened it to read would wait.
    let made = std::process::Command::new("mkfifo")
        .arg(screen.path(SCREEN))
        .status();
    assert!(made.expect("mkfifo of coreutils").success());
    assert_eq!(screen.hands.perform(&unlock), DONE);
    assert_eq!(screen.hands.perform(&unlock), AGAIN);
}
