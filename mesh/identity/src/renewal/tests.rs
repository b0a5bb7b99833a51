use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use super::{BoxFuture, IssueError, Issued, Issuer, Renewal, RenewalEvent, keep_renewed, obtain};
use crate::testing::{HOUR, domain, id};
use crate::{CaConfig, CertificateAuthority, IdentityError, IdentityStore, WallClock};

/// Wall-clock time that moves with the runtime's, so that paused time moves both.
fn paused_clock() -> WallClock {
    let (start, began) = (Instant::now(), SystemTime::now());
    Arc::new(move || began + start.elapsed())
}

struct Local {
    authority: CertificateAuthority,
    lifetime: Duration,
    /// Whom certificates are made out to.
    service: &'static str,
    down: AtomicBool,
    asked: AtomicUsize,
    keys: Mutex<HashSet<Vec<u8>>>,
}

impl Local {
    fn new(clock: &WallClock, lifetime: Duration) -> Arc<Self> {
        let config = CaConfig {
            clock: clock.clone(),
            ..CaConfig::default()
        };
        Arc::new(Self {
            authority: CertificateAuthority::create(domain(), &config).expect("creates"),
            lifetime,
            service: "files",
            down: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            keys: Mutex::default(),
        })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Issuer for Local {
    fn issue(&self, _role: &str, csr_der: Vec<u8>) -> BoxFuture<'_, Result<Issued, IssueError>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.down.load(Ordering::Relaxed) {
                let reason = "switched off".to_owned();
                return Err(IssueError::Unavailable { reason });
            }
            let chain = self
                .authority
                .issue(&csr_der, &id(self.service), self.lifetime)?;
            let (_, request) = X509CertificationRequest::from_der(&csr_der).expect("parses");
            let info = request.certification_request_info;
            let public = info.subject_pki.subject_public_key.data.to_vec();
            assert!(
                self.keys.lock().expect("whole").insert(public),
                "a key was used twice"
            );
            Ok(Issued {
                chain,
                bundle: self.authority.bundle(),
            })
        })
    }
}

struct Running {
    store: Arc<IdentityStore>,
    events: mpsc::UnboundedReceiver<RenewalEvent>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn run(issuer: &Arc<Local>, clock: WallClock, renewal: Renewal) -> Running {
    let store = IdentityStore::new(domain(), clock);
    let (sender, events) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let task = tokio::spawn(keep_renewed(
        store.clone(),
        issuer.clone(),
        "files".to_owned(),
        renewal,
        move |event| drop(sender.send(event)),
        stop.clone(),
    ));
    Running {
        store,
        events,
        stop,
        task,
    }
}

impl Running {
    async fn renewed(&mut self) {
        match self.events.recv().await.expect("runs") {
            RenewalEvent::Renewed { role, .. } => assert_eq!(role, "files"),
            RenewalEvent::Failed { error, .. } => panic!("{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_renewed_every_hour_with_a_new_key_each_time() {
    let clock = paused_clock();
    let issuer = Local::new(&clock, HOUR * 24);
    let mut running = run(&issuer, clock, Renewal::default());
    running.renewed().await;
    let mut last = Instant::now();
    for _ in 0..10 {
        running.renewed().await;
        let waited = last.elapsed();
        last = Instant::now();
        assert!(
            waited >= HOUR.mul_f64(0.899) && waited <= HOUR.mul_f64(1.101),
            "{waited:?}"
        );
    }
    // Local::issue fails the test when a key comes twice.
    assert_eq!(issuer.keys.lock().expect("whole").len(), 11);
    running.stop.cancel();
    running.task.await.expect("ends");
}

#[tokio::test(start_paused = true)]
async fn a_short_life_is_renewed_at_half_of_it() {
    let clock = paused_clock();
    let issuer = Local::new(&clock, Duration::from_secs(600));
    let mut running = run(&issuer, clock.clone(), Renewal::default());
    running.renewed().await;
    for _ in 0..5 {
        let svid = running.store.svid("files").expect("held");
        running.renewed().await;
        let life = svid
            .not_after()
            .duration_since(svid.not_before())
            .expect("a life");
        let used = clock().duration_since(svid.not_before()).expect("begun");
        assert!(
            used <= life / 2 + Duration::from_secs(1),
            "{used:?} of {life:?}"
        );
    }
    running.stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn the_valid_certificate_stays_while_the_authority_is_down_for_a_day() {
    let clock = paused_clock();
    let issuer = Local::new(&clock, HOUR * 24);
    let mut running = run(&issuer, clock.clone(), Renewal::default());
    running.renewed().await;
    let kept = running.store.svid("files").expect("held");
    issuer.down.store(true, Ordering::Relaxed);
    let down_since = clock();
    let before = issuer.asked();
    loop {
        match running.events.recv().await.expect("runs") {
            RenewalEvent::Failed {
                error,
                valid_for,
                retry_in,
                ..
            } => {
                assert!(matches!(error, IssueError::Unavailable { .. }));
                assert!(retry_in <= Duration::from_secs(300));
                if clock() < kept.not_after() {
                    assert!(!valid_for.is_zero());
                }
            }
            RenewalEvent::Renewed { .. } => panic!("the authority is down"),
        }
        let now = running.store.svid("files").expect("never taken away");
        assert_eq!(now.chain(), kept.chain());
        if clock().duration_since(down_since).expect("forward") > HOUR * 23 {
            break;
        }
    }
    // Pressed neither too rarely nor too often: between every five minutes and every few seconds.
    let attempts = issuer.asked() - before;
    assert!((200..20_000).contains(&attempts), "{attempts}");
    issuer.down.store(false, Ordering::Relaxed);
    loop {
        if let RenewalEvent::Renewed { .. } = running.events.recv().await.expect("runs") {
            break;
        }
    }
    assert_ne!(
        running.store.svid("files").expect("held").chain(),
        kept.chain()
    );
    running.stop.cancel();
}

#[tokio::test]
async fn a_certificate_for_somebody_else_or_from_an_unknown_root_never_comes_into_use() {
    let clock = crate::system_clock();
    let mut issuer = Arc::into_inner(Local::new(&clock, HOUR)).expect("alone");
    issuer.service = "roster";
    let store = IdentityStore::new(domain(), clock.clone());
    let error = obtain(&store, &issuer, "files").await.expect_err("refused");
    assert!(
        matches!(
            error,
            IssueError::Identity(IdentityError::WrongWorkload { .. })
        ),
        "{error}"
    );
    assert!(store.svid("files").is_none() && store.bundle().is_none());

    // A bundle that does not hold the root of the certificate it came with.
    struct Mismatched(Local, CertificateAuthority);
    impl Issuer for Mismatched {
        fn issue(&self, role: &str, csr: Vec<u8>) -> BoxFuture<'_, Result<Issued, IssueError>> {
            let issued = self.0.issue(role, csr);
            Box::pin(async move {
                Ok(Issued {
                    bundle: self.1.bundle(),
                    ..issued.await?
                })
            })
        }
    }
    issuer.service = "files";
    let mismatched = Mismatched(issuer, crate::testing::authority());
    let error = obtain(&store, &mismatched, "files")
        .await
        .expect_err("refused");
    assert!(
        matches!(
            error,
            IssueError::Identity(IdentityError::NotTrusted { .. })
        ),
        "{error}"
    );
    assert!(store.svid("files").is_none() && store.bundle().is_none());
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_the_task_at_once() {
    let clock = paused_clock();
    let issuer = Local::new(&clock, HOUR * 24);
    let mut running = run(&issuer, clock, Renewal::default());
    running.renewed().await;
    let before = Instant::now();
    running.stop.cancel();
    running.task.await.expect("ends");
    assert_eq!(before.elapsed(), Duration::ZERO);
}
