use super::*;
use preau_kernel::ids::DeviceId;

fn journal() -> Journal {
    let credential = StoredCredential {
        key: "key".into(),
        chain: Vec::new(),
        expires_at: 0,
        renew_at: 0,
    };
    Journal::new(
        "http://here",
        DeviceId::new().to_string(),
        String::new(),
        credential,
    )
}

fn told(id: CommandId, what: What) -> Taken {
    Taken {
        id,
        what,
        expires_at: 1_000,
    }
}

const NOW: Timestamp = Timestamp(500);

#[test]
fn a_command_told_twice_is_taken_once_also_after_it_was_settled() {
    let mut journal = journal();
    let id = CommandId::new();
    assert_eq!(journal.take(vec![told(id, What::Unlock)], 4, NOW), 1);
    assert_eq!(journal.take(vec![told(id, What::Unlock)], 5, NOW), 0);
    journal.settle(id);
    assert_eq!(journal.take(vec![told(id, What::Unlock)], 6, NOW), 0);
    assert_eq!((journal.commands.len(), journal.cursor), (0, 6));
}

#[test]
fn what_can_no_longer_be_told_is_forgotten_in_the_end() {
    let mut journal = journal();
    let ids: Vec<CommandId> = (0..=REMEMBERED).map(|_| CommandId::new()).collect();
    let all = ids.iter().map(|id| told(*id, What::Unlock)).collect();
    journal.take(all, 1, NOW);
    ids.iter().for_each(|id| journal.settle(*id));
    journal.take(Vec::new(), 2, NOW);
    assert_eq!(
        journal.settled.len(),
        REMEMBERED + 1,
        "all could be told again"
    );
    journal.take(Vec::new(), 3, Timestamp(1_000));
    assert!(journal.settled.is_empty());
}

#[test]
fn a_lock_that_a_later_unlock_overtook_is_not_done_any_more() {
    let mut journal = journal();
    let (lock, unlock, message) = (CommandId::new(), CommandId::new(), CommandId::new());
    let notice = String::new();
    journal.take(vec![told(lock, What::Lock { notice })], 1, NOW);
    let text = "bonjour".to_owned();
    journal.take(vec![told(message, What::Message { text })], 2, NOW);
    journal.take(vec![told(unlock, What::Unlock)], 3, NOW);
    let overtaken =
        |journal: &Journal, id| journal.is_overtaken(journal.record(id).expect("there"));
    assert!(!overtaken(&journal, lock));
    journal.advance(unlock, Stage::Finished(Outcome::Done));
    assert!(overtaken(&journal, lock));
    assert!(!overtaken(&journal, unlock) && !overtaken(&journal, message));
}

#[test]
fn a_journal_reads_back_as_it_was_written() {
    let mut journal = journal();
    let text = "une\nligne".to_owned();
    journal.take(vec![told(CommandId::new(), What::Message { text })], 7, NOW);
    journal.apps.insert(
        "fr.example.app".into(),
        InstalledApp {
            release_id: ReleaseId::new(),
            version: "1".into(),
            file_name: "app".into(),
        },
    );
    let bytes = serde_json::to_vec(&journal).expect("written");
    assert_eq!(
        serde_json::from_slice::<Journal>(&bytes).expect("read"),
        journal
    );
}
