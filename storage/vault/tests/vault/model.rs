//! Arbitrary histories against a model that fits on a page.

use std::collections::BTreeSet;

use preau_storage_sites::{Fault, Operation};
use preau_storage_vault::{Content, UploadPlan, VaultError};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;

use crate::support::{HOUR, Rig, TENANT, noise, put, read, small_parts};

const PART: usize = 1024;
const LIFETIME: u64 = 48;

#[derive(Clone, Debug)]
enum Step {
    Create {
        size: usize,
        seed: u64,
    },
    Put {
        upload: usize,
        part: u32,
        fault: Trouble,
    },
    Commit {
        upload: usize,
    },
    Abort {
        upload: usize,
    },
    Release {
        upload: usize,
    },
    Read {
        upload: usize,
        offset: u64,
        length: u64,
    },
    Sweep,
    Wait {
        hours: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    None,
    WrongHash,
    SiteFull,
    LostReply,
}

fn step() -> impl Strategy<Value = Step> {
    let upload = 0_usize..6;
    let trouble = prop_oneof![
        8 => proptest::strategy::Just(Trouble::None),
        1 => proptest::strategy::Just(Trouble::WrongHash),
        1 => proptest::strategy::Just(Trouble::SiteFull),
        1 => proptest::strategy::Just(Trouble::LostReply),
    ];
    prop_oneof![
        3 => (0_usize..4 * PART, 0_u64..3).prop_map(|(size, seed)| Step::Create { size, seed }),
        12 => (upload.clone(), 0_u32..5, trouble).prop_map(|(upload, part, fault)| Step::Put { upload, part, fault }),
        4 => upload.clone().prop_map(|upload| Step::Commit { upload }),
        1 => upload.clone().prop_map(|upload| Step::Abort { upload }),
        1 => upload.clone().prop_map(|upload| Step::Release { upload }),
        3 => (upload, 0_u64..5000, any::<u16>()).prop_map(|(upload, offset, length)| Step::Read { upload, offset, length: u64::from(length) }),
        1 => proptest::strategy::Just(Step::Sweep),
        1 => (0_u64..30).prop_map(|hours| Step::Wait { hours }),
    ]
}

/// What the vault should think of an upload.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Open,
    Committed,
    Aborted,
    Swept,
}

struct Upload {
    plan: UploadPlan,
    data: Vec<u8>,
    parts: BTreeSet<u32>,
    stage: Stage,
    content: Option<Content>,
    released: bool,
    expires: u64,
}

#[derive(Default)]
struct Model {
    uploads: Vec<Upload>,
    hours: u64,
}

impl Upload {
    fn missing(&self) -> u32 {
        self.plan.part_count - self.parts.len() as u32
    }

    fn gaps(&self) -> Vec<(u32, u32)> {
        let mut gaps: Vec<(u32, u32)> = Vec::new();
        for index in (0..self.plan.part_count).filter(|index| !self.parts.contains(index)) {
            match gaps.last_mut() {
                Some((first, count)) if *first + *count == index => *count += 1,
                _ => gaps.push((index, 1)),
            }
        }
        gaps
    }

    fn part(&self, index: u32) -> &[u8] {
        self.data
            .chunks(PART)
            .nth(index as usize)
            .unwrap_or(b"beyond")
    }

    /// The error that any use of an upload which is not open must give.
    fn refusal(&self, hours: u64) -> Option<&'static str> {
        match self.stage {
            Stage::Swept => Some("NoSuchUpload"),
            Stage::Committed | Stage::Aborted => Some("UploadClosed"),
            Stage::Open if hours >= self.expires => Some("UploadExpired"),
            Stage::Open => None,
        }
    }
}

/// The variant's name.
fn name<T: std::fmt::Debug>(result: &Result<T, VaultError>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(error) => {
            let text = format!("{error:?}");
            text.split([' ', '(', '{'])
                .next()
                .unwrap_or_default()
                .to_owned()
        }
    }
}

impl Model {
    async fn step(&mut self, rig: &Rig, step: &Step) {
        let hours = self.hours;
        match *step {
            Step::Create { size, seed } => self.create(rig, size, seed).await,
            Step::Sweep => self.sweep(rig).await,
            Step::Wait { hours } => {
                rig.advance(HOUR * hours as u32);
                self.hours += hours;
            }
            Step::Put {
                upload,
                part,
                fault,
            } => {
                if let Some(upload) = self.uploads.get_mut(upload) {
                    upload.put(rig, hours, part, fault).await;
                }
            }
            Step::Commit { upload } => {
                if let Some(upload) = self.uploads.get_mut(upload) {
                    upload.commit(rig, hours).await;
                }
            }
            Step::Abort { upload } => {
                if let Some(upload) = self.uploads.get_mut(upload) {
                    upload.abort(rig).await;
                }
            }
            Step::Release { upload } => {
                if let Some(upload) = self.uploads.get_mut(upload)
                    && let Some(content) = &upload.content
                {
                    rig.release(&content.id).await.unwrap();
                    upload.released = true;
                }
            }
            Step::Read {
                upload,
                offset,
                length,
            } => {
                if let Some(upload) = self.uploads.get(upload) {
                    upload.read(rig, offset, length).await;
                }
            }
        }
    }

    async fn create(&mut self, rig: &Rig, size: usize, seed: u64) {
        if self.uploads.len() < 6 {
            let plan = rig.create(size).await;
            assert_eq!(plan.part_count as usize, size.div_ceil(PART));
            self.uploads.push(Upload {
                plan,
                // Equal seeds make equal parts, which are stored once.
                data: noise(seed, size),
                parts: BTreeSet::new(),
                stage: Stage::Open,
                content: None,
                released: false,
                expires: self.hours + LIFETIME,
            });
        }
    }

    async fn sweep(&mut self, rig: &Rig) {
        let report = rig.vault.sweep().await.unwrap();
        let mut expired = 0;
        for upload in &mut self.uploads {
            if upload.stage != Stage::Swept && self.hours >= upload.expires {
                upload.stage = Stage::Swept;
                expired += 1;
            }
        }
        assert_eq!(report.expired_uploads, expired);
        let placed = rig.count("SELECT COUNT(*) FROM vault_placement").await;
        assert_eq!(
            rig.memory.len() as i64,
            placed,
            "a sweep leaves what is referred to and nothing else"
        );
    }
}

impl Upload {
    async fn put(&mut self, rig: &Rig, hours: u64, part: u32, trouble: Trouble) {
        let expected = match self.refusal(hours) {
            Some(refusal) => refusal,
            None if part >= self.plan.part_count => "WrongIndex",
            None if trouble == Trouble::WrongHash => "WrongHash",
            None => "Ok",
        };
        let data = self.part(part).to_vec();
        let result = if trouble == Trouble::WrongHash {
            let bytes = data.clone().into();
            rig.vault
                .put_part(TENANT, &self.plan.upload, part, &[0; 32], bytes)
                .await
        } else {
            match trouble {
                Trouble::SiteFull => rig.faulty.always(Operation::Put, Fault::Full),
                Trouble::LostReply => rig.faulty.always(Operation::Put, Fault::LostReply),
                Trouble::None | Trouble::WrongHash => {}
            }
            put(&rig.vault, TENANT, &self.plan, part, &data).await
        };
        rig.faulty.always(Operation::Put, Fault::None);
        // A troubled site fails a put only if the put reaches it: a stored or shared part does not.
        let tolerated = match trouble {
            Trouble::SiteFull => "Full",
            Trouble::LostReply => "Site",
            Trouble::None | Trouble::WrongHash => expected,
        };
        let got = name(&result);
        assert!(
            got == expected || (expected == "Ok" && got == tolerated),
            "{got}, not {expected}"
        );
        if let Ok(missing) = result {
            self.parts.insert(part);
            assert_eq!(missing, self.missing());
        }
    }

    async fn commit(&mut self, rig: &Rig, hours: u64) {
        let result = rig.commit(&self.plan).await;
        let expected = match self.stage {
            Stage::Committed if !self.released => "Ok",
            _ => match self.refusal(hours) {
                Some(refusal) => refusal,
                None if self.missing() > 0 => "PartsMissing",
                None => "Ok",
            },
        };
        assert_eq!(name(&result), expected);
        match result {
            Ok(content) => {
                assert_eq!(content.blake3, *blake3::hash(&self.data).as_bytes());
                assert!(self.content.as_ref().is_none_or(|first| *first == content));
                self.stage = Stage::Committed;
                self.content = Some(content);
            }
            Err(VaultError::PartsMissing { missing }) => assert_eq!(missing, self.gaps()),
            Err(_) => {}
        }
    }

    async fn abort(&mut self, rig: &Rig) {
        let result = rig.abort(&self.plan).await;
        let expected = match self.stage {
            Stage::Open | Stage::Aborted => "Ok",
            Stage::Committed => "UploadClosed",
            Stage::Swept => "NoSuchUpload",
        };
        assert_eq!(name(&result), expected);
        if result.is_ok() {
            self.stage = Stage::Aborted;
        }
    }

    async fn read(&self, rig: &Rig, offset: u64, length: u64) {
        let Some(content) = &self.content else {
            return;
        };
        let result = read(&rig.vault, TENANT, &content.id, offset, Some(length)).await;
        let size = self.data.len() as u64;
        if self.released {
            assert_eq!(name(&result), "NoSuchContent");
        } else if offset > size {
            assert_eq!(name(&result), "OutOfRange");
        } else {
            let end = (offset + length).min(size);
            assert!(result.unwrap() == self.data[offset as usize..end as usize]);
        }
    }

    /// V-3: what was acknowledged is there.
    async fn check(&self, rig: &Rig, hours: u64) {
        if let (Some(content), false) = (&self.content, self.released) {
            assert!(rig.read(&content.id).await.unwrap() == self.data);
        }
        if self.stage == Stage::Open && hours < self.expires {
            assert_eq!(rig.state(&self.plan).await.unwrap().missing, self.gaps());
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, max_shrink_iters: 400, ..Config::default() })]

    #[test]
    fn every_history_gives_what_the_model_says(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let rig = Rig::new(small_parts()).await;
            let mut model = Model::default();
            for step in &steps {
                model.step(&rig, step).await;
                rig.assert_sound().await;
            }
            for upload in &model.uploads {
                upload.check(&rig, model.hours).await;
            }
        });
    }
}
