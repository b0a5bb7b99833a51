//! One suite for every site and every decorator: what passes here, the vault may rely on.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use bytes::Bytes;
use preau_storage_sites::{
    CountingSite, Entry, FaultySite, FolderSite, MemorySite, Site, SiteError,
};
use tempfile::TempDir;

/// A site under test, and what must outlive it.
struct Subject {
    label: &'static str,
    site: Arc<dyn Site>,
    _folder: Option<TempDir>,
}

fn folder(fsync: bool) -> (TempDir, Arc<dyn Site>) {
    let directory = TempDir::new().unwrap();
    let site = FolderSite::open("sous-sol", directory.path().join("site"), fsync).unwrap();
    (directory, Arc::new(site))
}

fn subjects() -> Vec<Subject> {
    let memory = |label, wrap: fn(Arc<dyn Site>) -> Arc<dyn Site>| Subject {
        label,
        site: wrap(Arc::new(MemorySite::new("sous-sol"))),
        _folder: None,
    };
    let mut all = vec![
        memory("memory", |site| site),
        memory("counting", |site| Arc::new(CountingSite::new(site))),
        memory("faulty", |site| Arc::new(FaultySite::new(site))),
    ];
    for (label, fsync) in [("folder", false), ("folder with fsync", true)] {
        let (directory, site) = folder(fsync);
        all.push(Subject {
            label,
            site,
            _folder: Some(directory),
        });
    }
    all
}

async fn keys(site: &dyn Site, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let entries = site.list(prefix, after, limit).await.unwrap();
    entries.into_iter().map(|entry| entry.key).collect()
}

#[tokio::test]
async fn what_was_put_is_read_back_by_any_range() {
    for Subject { label, site, .. } in subjects() {
        let bytes = Bytes::from_static(b"0123456789");
        site.put_new("c/00/ff/a.ck", bytes.clone()).await.unwrap();
        for (start, end) in [(0, 10), (0, 1), (9, 10), (3, 7), (4, 4)] {
            let got = site.get_range("c/00/ff/a.ck", start..end).await.unwrap();
            assert_eq!(got, bytes[start as usize..end as usize], "{label}");
        }
        assert_eq!(site.head("c/00/ff/a.ck").await.unwrap(), 10, "{label}");
    }
}

#[tokio::test]
async fn an_empty_object_exists() {
    for Subject { label, site, .. } in subjects() {
        site.put_new("empty", Bytes::new()).await.unwrap();
        assert_eq!(site.head("empty").await.unwrap(), 0, "{label}");
        assert!(site.get_range("empty", 0..0).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_taken_name_is_refused_and_keeps_its_bytes() {
    for Subject { label, site, .. } in subjects() {
        site.put_new("a", Bytes::from_static(b"first"))
            .await
            .unwrap();
        let refused = site.put_new("a", Bytes::from_static(b"later")).await;
        assert!(
            matches!(refused, Err(SiteError::AlreadyExists { ref site, ref key }) if site == "sous-sol" && key == "a"),
            "{label}: {refused:?}"
        );
        assert_eq!(site.get_range("a", 0..5).await.unwrap(), "first", "{label}");
    }
}

#[tokio::test]
async fn of_racing_puts_of_one_name_exactly_one_wins() {
    for Subject { label, site, .. } in subjects() {
        let puts = (0_u8..16).map(|n| {
            let site = site.clone();
            tokio::spawn(async move { site.put_new("a/b/c", Bytes::from(vec![n; 4096])).await })
        });
        let results = futures::future::join_all(puts).await;
        let won: Vec<_> = results
            .iter()
            .enumerate()
            .filter(|(_, r)| r.as_ref().unwrap().is_ok())
            .collect();
        assert_eq!(won.len(), 1, "{label}");
        let stored = site.get_range("a/b/c", 0..4096).await.unwrap();
        assert!(
            stored.iter().all(|b| usize::from(*b) == won[0].0),
            "{label}"
        );
    }
}

#[tokio::test]
async fn what_is_absent_is_not_found() {
    for Subject { label, site, .. } in subjects() {
        site.put_new("dir/a", Bytes::from_static(b"x"))
            .await
            .unwrap();
        for key in ["b", "dir/b", "dir"] {
            let got = site.head(key).await;
            assert!(
                matches!(got, Err(SiteError::NotFound { .. })),
                "{label}: {got:?}"
            );
        }
        let got = site.get_range("b", 0..1).await;
        assert!(
            matches!(got, Err(SiteError::NotFound { .. })),
            "{label}: {got:?}"
        );
    }
}

#[tokio::test]
async fn a_range_past_the_end_is_an_error_not_a_short_answer() {
    for Subject { label, site, .. } in subjects() {
        site.put_new("a", Bytes::from_static(b"abc")).await.unwrap();
        let got = site.get_range("a", 1..4).await;
        assert!(
            matches!(
                got,
                Err(SiteError::TooShort {
                    length: 3,
                    wanted: 4,
                    ..
                })
            ),
            "{label}: {got:?}"
        );
    }
}

#[tokio::test]
async fn deleting_twice_succeeds_and_frees_the_name() {
    for Subject { label, site, .. } in subjects() {
        site.put_new("a", Bytes::from_static(b"abc")).await.unwrap();
        site.delete("a").await.unwrap();
        site.delete("a").await.unwrap();
        assert!(
            matches!(site.head("a").await, Err(SiteError::NotFound { .. })),
            "{label}"
        );
        site.put_new("a", Bytes::from_static(b"new")).await.unwrap();
        assert_eq!(site.get_range("a", 0..3).await.unwrap(), "new", "{label}");
    }
}

#[tokio::test]
async fn listing_is_ordered_by_whole_keys_and_pages_without_gap_or_repeat() {
    // The hyphen and the dot sort before the slash: a walk by names alone would get this wrong.
    let all = [
        "a-b", "a.b", "a/b", "a/c/d", "a/c0", "a0", "b/00/x", "b/01/y",
    ];
    for Subject { label, site, .. } in subjects() {
        for key in all.iter().rev() {
            site.put_new(key, Bytes::from(key.to_string()))
                .await
                .unwrap();
        }
        assert_eq!(keys(&*site, "", None, 100).await, all, "{label}");
        for step in 1..=all.len() {
            let mut seen: Vec<String> = Vec::new();
            loop {
                let page = keys(&*site, "", seen.last().map(String::as_str), step).await;
                if page.is_empty() {
                    break;
                }
                seen.extend(page);
            }
            assert_eq!(seen, all, "{label}, pages of {step}");
        }
    }
}

#[tokio::test]
async fn listing_keeps_to_its_prefix_and_tells_sizes() {
    for Subject { label, site, .. } in subjects() {
        for key in ["c/00/a", "c/01/b", "c0", "d/00/a"] {
            site.put_new(key, Bytes::from(key.to_string()))
                .await
                .unwrap();
        }
        assert_eq!(
            keys(&*site, "c/", None, 9).await,
            ["c/00/a", "c/01/b"],
            "{label}"
        );
        assert_eq!(
            keys(&*site, "c/0", None, 9).await,
            ["c/00/a", "c/01/b"],
            "{label}"
        );
        assert_eq!(
            keys(&*site, "c/", Some("c/00/a"), 9).await,
            ["c/01/b"],
            "{label}"
        );
        assert_eq!(
            keys(&*site, "c/", Some("b"), 1).await,
            ["c/00/a"],
            "{label}"
        );
        assert!(keys(&*site, "z", None, 9).await.is_empty(), "{label}");
        let entry = Entry {
            key: "c0".to_owned(),
            size: 2,
        };
        assert_eq!(site.list("c0", None, 9).await.unwrap(), [entry], "{label}");
    }
}

#[tokio::test]
async fn names_that_are_no_keys_are_refused_by_every_method() {
    for Subject { label, site, .. } in subjects() {
        for key in ["", "../a", "/etc/passwd", "a//b", ".tmp/x", "A"] {
            let answers = [
                site.put_new(key, Bytes::new()).await.err(),
                site.get_range(key, 0..1).await.err(),
                site.head(key).await.err(),
                site.delete(key).await.err(),
            ];
            for answer in answers {
                assert!(
                    matches!(answer, Some(SiteError::InvalidKey { .. })),
                    "{label} {key:?}: {answer:?}"
                );
            }
        }
        assert!(keys(&*site, "", None, 9).await.is_empty(), "{label}");
    }
}

#[tokio::test]
async fn a_site_states_its_name_and_residency() {
    for Subject { label, site, .. } in subjects() {
        assert_eq!(site.name(), "sous-sol", "{label}");
        let expected = if label.starts_with("folder") {
            "on premises: sous-sol"
        } else {
            "memory of the process"
        };
        assert_eq!(site.residency().to_string(), expected, "{label}");
    }
}
