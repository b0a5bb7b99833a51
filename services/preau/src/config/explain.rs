//! Errors that name the key, the value, where it came from and what to write instead.

use std::path::Path;

use figment::Figment;
use figment::error::Kind;

use super::registry::{self, KEYS};
use crate::failure::{Exit, Failure};

/// A file that is not TOML.
pub(super) fn syntax(path: &Path, error: &figment::Error) -> Failure {
    Failure::new(
        format_args!("the configuration is not TOML: {}", error.kind),
        path.display(),
        "correct the syntax there",
    )
    .exit(Exit::Usage)
}

/// A variable that looks like ours.
pub(super) fn unknown_variable(name: &str) -> Failure {
    let known = KEYS.iter().map(|key| key.variable());
    let remedy = match closest(name, known) {
        Some(close) => format!("did you mean {close}? `preau config` lists every key"),
        None => "remove it; `preau config` lists every key".into(),
    };
    Failure::new(
        "unknown configuration key",
        format_args!("environment variable {name}"),
        remedy,
    )
    .exit(Exit::Usage)
}

/// What figment found wrong, in our words. It stops at the first.
pub(super) fn wrong(figment: &Figment, error: figment::Error) -> Failure {
    if let Kind::UnknownField(field, _) = &error.kind {
        let mut path = error.path.clone();
        if path.last() != Some(field) {
            path.push(field.clone());
        }
        return unknown_key(figment, &path.join("."), &error);
    }
    value(figment, &error.path.join("."), None)
}

fn unknown_key(figment: &Figment, path: &str, error: &figment::Error) -> Failure {
    let remedy = match closest(path, KEYS.iter().map(|key| key.path.to_owned())) {
        Some(close) => format!("did you mean {close}? `preau config` lists every key"),
        None => "remove it; `preau config` lists every key".into(),
    };
    let source = source(figment, path)
        .or_else(|| {
            error
                .metadata
                .as_ref()
                .map(|metadata| metadata.name.to_string())
        })
        .unwrap_or_else(|| "configuration".into());
    let shown = figment
        .find_value(path)
        .ok()
        .map_or_else(String::new, |value| format!(" = {}", show(&value)));
    Failure::new(
        format_args!("unknown configuration key {path}{shown}"),
        source,
        remedy,
    )
    .exit(Exit::Usage)
}

/// A known key with a wrong value.
pub(super) fn value(figment: &Figment, path: &str, given: Option<&str>) -> Failure {
    let key = registry::find(path);
    let shown = match (key, given) {
        (Some(key), _) if key.secret => "(not shown)".into(),
        (_, Some(given)) => format!("{given:?}"),
        (_, None) => figment
            .find_value(path)
            .map_or_else(|_| "(nothing)".into(), |value| show(&value)),
    };
    let accepts = key.map_or("what `preau config` says", |key| key.accepts);
    Failure::new(
        format_args!("wrong value {shown} for configuration key {path}"),
        source(figment, path).unwrap_or_else(|| "configuration".into()),
        format_args!("write {accepts}"),
    )
    .exit(Exit::Usage)
}

fn source(figment: &Figment, path: &str) -> Option<String> {
    figment
        .find_metadata(path)
        .map(|metadata| metadata.name.to_string())
}

fn show(value: &figment::value::Value) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "(something)".into())
}

/// The name most alike, when it is alike enough to be a slip of the hand.
fn closest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|known| (distance(name, &known), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .map(|(_, known)| known)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
