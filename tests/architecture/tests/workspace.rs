//! The workspace as cargo sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Our crates and which of ours each depends on.
pub(crate) struct Workspace {
    /// Where the repository lies.
    pub(crate) root: PathBuf,
    /// In the build of the crate itself (build scripts included).
    pub(crate) normal: BTreeMap<String, BTreeSet<String>>,
    /// In its tests and benches.
    pub(crate) dev: BTreeMap<String, BTreeSet<String>>,
    /// Folder of each crate, relative to the root.
    pub(crate) folders: BTreeMap<String, PathBuf>,
}

impl Workspace {
    pub(crate) fn load() -> Self {
        let metadata = MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .no_deps()
            .other_options(["--offline".to_owned()])
            .exec()
            .unwrap();
        let root = metadata.workspace_root.clone().into_std_path_buf();
        let folders = metadata
            .workspace_packages()
            .into_iter()
            .map(|package| {
                let folder = package.manifest_path.parent().unwrap().as_std_path();
                let folder = folder.strip_prefix(&root).unwrap().to_owned();
                (package.name.to_string(), folder)
            })
            .collect();
        Self {
            normal: ours(&metadata, |kind| kind != DependencyKind::Development),
            dev: ours(&metadata, |kind| kind == DependencyKind::Development),
            root,
            folders,
        }
    }

    /// Every crate that `name` reaches by normal dependencies.
    pub(crate) fn reaches(&self, name: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            for dependency in &self.normal[&next] {
                if seen.insert(dependency.clone()) {
                    open.push(dependency.clone());
                }
            }
        }
        seen
    }
}

fn ours(
    metadata: &Metadata,
    kind: impl Fn(DependencyKind) -> bool,
) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata.workspace_packages();
    let names: BTreeSet<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    packages
        .iter()
        .map(|package| {
            let dependencies = package
                .dependencies
                .iter()
                .filter(|dependency| kind(dependency.kind))
                .filter(|dependency| names.contains(dependency.name.as_str()))
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), dependencies)
        })
        .collect()
}
