//! Reading a header that may be there once.

use http::{HeaderMap, HeaderName, HeaderValue};

/// How often a header is there.
pub(crate) enum Single<'a> {
    Absent,
    One(&'a HeaderValue),
    Several,
}

pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Single<'a> {
    let Some(value) = headers.get(name) else {
        return Single::Absent;
    };
    // Most requests repeat no header at all, and then counting this one's values is needless.
    let repeats = headers.len() > headers.keys_len();
    if repeats && headers.get_all(name).iter().nth(1).is_some() {
        Single::Several
    } else {
        Single::One(value)
    }
}
