//! `tracestate`: other tracers' notes, carried on unread.

use std::collections::HashSet;

use http::HeaderValue;
use http::header::GetAll;

/// The most entries the specification allows.
const MEMBERS: usize = 32;
/// What is carried on at least and, here, at most.
const LENGTH: usize = 512;
/// Entries longer than this go first when the whole is too long.
const LONG_MEMBER: usize = 128;

/// The headers joined; `None` if there is none, or if any entry is malformed: then all are discarded.
pub(super) fn combine(headers: GetAll<'_, HeaderValue>) -> Option<String> {
    let mut members = Vec::new();
    let mut keys = HashSet::new();
    for header in headers {
        for member in header
            .to_str()
            .ok()?
            .split(',')
            .map(|member| member.trim_matches([' ', '\t']))
        {
            if member.is_empty() {
                continue;
            }
            let (key, value) = member.split_once('=')?;
            if !is_key(key) || !is_value(value) || !keys.insert(key) {
                return None;
            }
            members.push(member);
        }
    }
    (!members.is_empty() && members.len() <= MEMBERS).then(|| shorten(members))?
}

fn shorten(mut members: Vec<&str>) -> Option<String> {
    let length = |members: &[&str]| {
        members
            .iter()
            .map(|member| member.len() + 1)
            .sum::<usize>()
            .saturating_sub(1)
    };
    if length(&members) > LENGTH {
        members.retain(|member| member.len() <= LONG_MEMBER);
    }
    while length(&members) > LENGTH {
        members.pop();
    }
    (!members.is_empty()).then(|| members.join(","))
}

fn is_key(key: &str) -> bool {
    let first = key
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let rest =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    first && key.len() <= 256 && key.bytes().all(rest)
}

fn is_value(value: &str) -> bool {
    let printable = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b',' && byte != b'=';
    !value.is_empty() && value.len() <= 256 && value.bytes().all(printable)
}
