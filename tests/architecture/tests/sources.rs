//! What source files look like.

use std::path::{Path, PathBuf};

use crate::workspace::Workspace;

/// Lines a Rust file may have before it is split by responsibility.
const MOST_LINES: usize = 400;

/// Files that may be longer, each with the reason.
const LONGER: [(&str, &str); 0] = [];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = [
    "mod.rs",
    "utils.rs",
    "util.rs",
    "helpers.rs",
    "misc.rs",
    "common.rs",
];

/// Every Rust file that people write, relative to the root.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> = ["proto", "mesh", "storage", "services", "tests", "benches"]
        .map(|top| root.join(top))
        .into();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // Generated code lies in `gen`; node_modules is not ours.
                if !path.ends_with("gen") && !path.ends_with("node_modules") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    files.sort();
    assert!(
        files.len() > 50,
        "the walk found only {} files",
        files.len()
    );
    files
}

#[test]
fn files_stay_short_enough_to_read() {
    let root = Workspace::load().root;
    let mut long = Vec::new();
    for file in sources(&root) {
        let lines = std::fs::read_to_string(root.join(&file))
            .unwrap()
            .lines()
            .count();
        let listed = LONGER.iter().any(|(path, _)| file == Path::new(path));
        if lines > MOST_LINES && !listed {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(
        long.is_empty(),
        "split these by responsibility, or list them with a reason: {long:#?}"
    );
}

#[test]
fn every_listed_exception_is_still_one() {
    let root = Workspace::load().root;
    for (path, reason) in LONGER {
        assert!(!reason.is_empty());
        let lines = std::fs::read_to_string(root.join(path))
            .unwrap()
            .lines()
            .count();
        assert!(
            lines > MOST_LINES,
            "{path} is short enough again: take it off the list"
        );
    }
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let root = Workspace::load().root;
    let wrong: Vec<PathBuf> = sources(&root)
        .into_iter()
        .filter(|file| EMPTY_NAMES.iter().any(|name| file.ends_with(name)))
        .collect();
    assert!(
        wrong.is_empty(),
        "name these after what they hold: {wrong:?}"
    );
}

#[test]
fn every_crate_opens_with_what_it_is_for() {
    let workspace = Workspace::load();
    for (name, folder) in &workspace.folders {
        let source = workspace.root.join(folder).join("src");
        let tops = ["lib.rs", "main.rs"].map(|file| source.join(file));
        let mut found = false;
        for top in tops.iter().filter(|top| top.is_file()) {
            found = true;
            let text = std::fs::read_to_string(top).unwrap();
            assert!(
                text.starts_with("//!"),
                "{name}: {} opens without `//!`",
                top.display()
            );
        }
        assert!(found, "{name}: neither lib.rs nor main.rs");
    }
}

/// Where the product may read what is global, each with the reason. Everywhere else it comes in as a parameter.
const GLOBALS: [(&str, &[(&str, &str)]); 2] = [
    (
        "SystemTime::now",
        &[
            ("mesh/identity/src/clock.rs", "the mesh's clock"),
            ("mesh/facade/src/testing.rs", "tokens for tests of services"),
            ("services/kernel/src/clock.rs", "the services' clock"),
            (
                "services/preau/src/compose/roles.rs",
                "the composition root",
            ),
            (
                "storage/sites/src/folder.rs",
                "compared with times of the file system",
            ),
        ],
    ),
    (
        "env::var",
        &[
            (
                "services/preau/src/cli/run.rs",
                "the configuration's layer of variables",
            ),
            (
                "services/preau/src/private.rs",
                "where the user's own files are",
            ),
        ],
    ),
];

#[test]
fn clocks_and_the_environment_are_read_only_where_they_come_in() {
    let root = Workspace::load().root;
    let is_product = |file: &Path| {
        let outside = ["tests", "benches"];
        !file
            .iter()
            .any(|part| outside.iter().any(|name| part == *name))
            && !file.ends_with("tests.rs")
    };
    let mut wrong = Vec::new();
    for file in sources(&root).iter().filter(|file| is_product(file)) {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        // What follows is the file's test module: tests come last.
        let product = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (global, places) in GLOBALS {
            let used = product
                .lines()
                .any(|line| line.contains(global) && !line.trim_start().starts_with("//"));
            if used && !places.iter().any(|(place, _)| file == Path::new(place)) {
                wrong.push(format!("{}: {global}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "take these as parameters: {wrong:#?}");
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    let workspace = Workspace::load();
    for (name, folder) in &workspace.folders {
        let path = workspace.root.join(folder).join("Cargo.toml");
        let manifest: toml::Table =
            toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let inherited = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        assert_eq!(
            inherited,
            Some(true),
            "{name} does not take the workspace's lints"
        );
    }
}
