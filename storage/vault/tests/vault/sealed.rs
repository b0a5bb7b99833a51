//! What somebody sees who takes the disk.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use preau_storage_database::testing;
use preau_storage_sites::FolderSite;
use preau_storage_vault::{Vault, VaultConfig};

use crate::support::{MIGRATIONS, TENANT, kek, noise, read, standing_clock, upload};

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test]
async fn no_sixteen_bytes_of_a_file_are_found_in_the_folder_or_the_database() {
    let (db, database_folder) = testing::sqlite(&MIGRATIONS).await;
    let folder = tempfile::tempdir().unwrap();
    let site = FolderSite::open("cave", folder.path(), true).unwrap();
    let config = VaultConfig {
        part_size: 64 << 10,
        ..VaultConfig::default()
    };
    let sites = vec![Arc::new(site) as _];
    let vault = Vault::open(db.clone(), sites, kek(), config, standing_clock())
        .await
        .unwrap();

    let text = "Rapport du conseil de classe, élève par élève. ".repeat(5000);
    let mut windows: HashSet<Vec<u8>> = HashSet::new();
    for data in [
        noise(1, 200_000),
        text.into_bytes(),
        b"exactly 16 bytes".to_vec(),
    ] {
        let content = upload(&vault, &db, TENANT, &data).await;
        assert!(read(&vault, TENANT, &content.id, 0, None).await.unwrap() == data);
        windows.extend(data.windows(16).map(<[u8]>::to_vec));
    }

    let mut stored = Vec::new();
    files(folder.path(), &mut stored);
    assert_eq!(stored.len(), 4 + 4 + 1, "one object per part");
    assert!(stored.iter().all(|(_, bytes)| bytes.starts_with(b"PRSR")));
    files(database_folder.path(), &mut stored);
    for (name, bytes) in &stored {
        let seen = bytes.windows(16).any(|window| windows.contains(window));
        assert!(!seen, "plaintext in {name}");
    }
}
