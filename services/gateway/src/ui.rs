//! The web interface: files embedded in the binary, and what HTTP says about each.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use tonic::body::Body;

use crate::page;
use crate::security;
use crate::site::Site;

const INDEX: &str = "index.html";
const APP: &str = "/app";

/// The pages of `ui/dist`. Missing when the interface was not built before the binary.
#[derive(rust_embed::RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

/// Extensions that are served, and as what. A file of any other is not.
const KINDS: [(&str, &str); 10] = [
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("webmanifest", "application/manifest+json"),
    ("woff2", "font/woff2"),
];

/// The files of the interface, by their path below `/`.
pub(crate) struct Interface {
    files: HashMap<String, File>,
}

struct File {
    kind: &'static str,
    plain: Form,
    brotli: Option<Form>,
}

/// One encoding of a file.
struct Form {
    bytes: Bytes,
    tag: HeaderValue,
}

impl Interface {
    /// What this binary was built with.
    pub(crate) fn embedded() -> Self {
        let files = Dist::iter().filter_map(|path| {
            let file = Dist::get(&path)?;
            let bytes = match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            Some((path.into_owned(), bytes))
        });
        Self::new(files)
    }

    /// Of files and their contents; `<file>.br` is the brotli form of `<file>`.
    pub(crate) fn new(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut forms: HashMap<String, Form> = files
            .into_iter()
            .map(|(path, bytes)| (path, Form::new(bytes)))
            .collect();
        let named: Vec<(String, &'static str)> = forms
            .keys()
            .filter(|path| is_public(path))
            .filter_map(|path| Some((path.clone(), kind(path)?)))
            .collect();
        let mut files = HashMap::new();
        for (path, kind) in named {
            let brotli = forms.remove(&format!("{path}.br"));
            if let Some(plain) = forms.remove(&path) {
                let file = File {
                    kind,
                    plain,
                    brotli,
                };
                files.insert(path, file);
            }
        }
        Self { files }
    }

    /// The answer to GET or HEAD of a path that is nothing else's.
    pub(crate) fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        site: &Site,
    ) -> Response<Body> {
        if path == "/" {
            return match self.files.contains_key(INDEX) {
                true => page::redirect(APP),
                false => page::welcome(site),
            };
        }
        let is_page = path
            .strip_prefix(APP)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let name = match is_page {
            true => INDEX,
            false => path.strip_prefix('/').unwrap_or_default(),
        };
        match self.files.get(name) {
            Some(file) if is_page || name != INDEX => file.answer(method, name, headers),
            None if is_page => page::not_built(),
            _ => page::text(StatusCode::NOT_FOUND, "nothing here: see /\n"),
        }
    }
}

/// Whether a file of `dist` is for browsers: those in `assets`, and those beside it that are not hidden.
fn is_public(path: &str) -> bool {
    let name = path.strip_prefix("assets/").unwrap_or(path);
    !name.contains('/') && !name.starts_with('.')
}

fn kind(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    let found = KINDS.iter().find(|(known, _)| *known == extension);
    found.map(|(_, kind)| *kind)
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        let tag = format!("\"{}\"", hex::encode(&digest.as_ref()[..16]));
        Self {
            bytes,
            tag: HeaderValue::try_from(tag).expect("hexadecimal digits are a header value"),
        }
    }
}

impl File {
    fn answer(&self, method: &Method, name: &str, asked: &HeaderMap) -> Response<Body> {
        let brotli = self.brotli.as_ref().filter(|_| accepts_brotli(asked));
        let form = brotli.unwrap_or(&self.plain);
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, form.tag.clone());
        let caching = match name.starts_with("assets/") {
            // Named by its content.
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        if self.brotli.is_some() {
            let encoding = HeaderValue::from_static("accept-encoding");
            headers.insert(header::VARY, encoding);
        }
        let policy = HeaderValue::from_static(security::INTERFACE);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        if is_known(asked, &form.tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CONTENT_LENGTH, form.bytes.len().into());
        if brotli.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        if method != Method::HEAD {
            *response.body_mut() = Body::new(Full::new(form.bytes.clone()));
        }
        response
    }
}

/// Whether `if-none-match` names this tag (compared weakly, as RFC 9110 says).
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim())
        .any(|known| known == "*" || known.trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = weight
                .trim()
                .strip_prefix("q=")
                .is_some_and(|weight| weight.parse::<f32>().is_ok_and(|weight| weight <= 0.0));
            name.trim().eq_ignore_ascii_case("br") && !refused
        })
}

#[cfg(test)]
mod tests;
