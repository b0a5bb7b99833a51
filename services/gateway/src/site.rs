//! Which site a request is for, and whether a page of that very site sent it.
//!
//! Two attacks end here. A page of a hostile name that suddenly resolves to this machine (DNS rebinding) is of the same
//! origin as its requests, but says its own name in `host`. A hostile page that sends the browser here (cross-site
//! request forgery) cannot say any `origin` but its own.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Scheme, host and port that a request is addressed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    secure: bool,
    /// Lower case; IPv6 without brackets.
    host: String,
    port: u16,
    authority: Authority,
}

impl Site {
    /// From the target (HTTP/2, absolute form) or `host`; `None` when the request names no site, or two.
    pub(crate) fn of<B>(request: &Request<B>, secure: bool) -> Option<Self> {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let host = match hosts.next() {
            Some(value) => Some(Authority::try_from(value.as_bytes()).ok()?),
            None => None,
        };
        if hosts.next().is_some() {
            return None;
        }
        match (request.uri().authority(), host) {
            (Some(target), Some(host)) if *target != host => None,
            (Some(target), _) => Self::new(secure, target.clone()),
            (None, host) => Self::new(secure, host?),
        }
    }

    fn new(secure: bool, authority: Authority) -> Option<Self> {
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().trim_matches(['[', ']']);
        let rest = &authority.as_str()[authority.host().len()..];
        let port = match rest {
            "" => default_port(secure),
            _ => authority.port_u16()?,
        };
        Some(Self {
            secure,
            host: host.to_ascii_lowercase(),
            port,
            authority: authority.clone(),
        })
    }

    /// Its address, the name as the request spelt it.
    pub(crate) fn address(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// Whether a page of this site sent the request, by the browser's own word. Without `origin` (which older browsers
    /// leave out on requests within a site) the newer header must say so. A page of another origin of the same site,
    /// which `SameSite` cookies would let through, is a stranger too.
    pub(crate) fn sent_it(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) => self.is_origin(origin),
            (None, _) => headers
                .get(SEC_FETCH_SITE)
                .is_some_and(|site| site == "same-origin"),
            _ => false,
        }
    }

    fn is_origin(&self, origin: &HeaderValue) -> bool {
        let text = origin.to_str().unwrap_or_default();
        let (secure, authority) = match text.split_once("://") {
            Some(("https", authority)) => (true, authority),
            Some(("http", authority)) => (false, authority),
            _ => return false,
        };
        let origin = Authority::try_from(authority)
            .ok()
            .and_then(|authority| Self::new(secure, authority));
        origin.is_some_and(|origin| {
            (origin.secure, &origin.host, origin.port) == (self.secure, &self.host, self.port)
        })
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// The names that this gateway answers to.
pub(crate) enum Names {
    /// Any: a certificate vouches for the name, and no hostile page has one for it.
    Any,
    /// These, besides addresses and `localhost`, which nobody can make resolve to anything else.
    Only(Vec<String>),
}

impl Names {
    /// As configured; nothing configured means any name with TLS, and names of this machine without.
    pub(crate) fn new(configured: &[String], tls: bool) -> Self {
        if configured.is_empty() && tls {
            return Self::Any;
        }
        Self::Only(
            configured
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
        )
    }

    pub(crate) fn include(&self, site: &Site) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => {
                site.host == "localhost"
                    || site.host.parse::<IpAddr>().is_ok()
                    || names.contains(&site.host)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(secure: bool, host: &str) -> Option<Site> {
        let request = Request::get("/").header(header::HOST, host);
        Site::of(&request.body(()).expect("a request"), secure)
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_the_sites_own_origin_has_sent_it() {
        let cases = [
            (false, "127.0.0.1:8080", "http://127.0.0.1:8080", true),
            (false, "LOCALHOST:8080", "http://localhost:8080", true),
            (false, "[::1]:8080", "http://[::1]:8080", true),
            (true, "ent.example.fr", "https://ent.example.fr", true),
            (true, "ent.example.fr:443", "https://ent.example.fr", true),
            (true, "ent.example.fr", "https://ent.example.fr:443", true),
            // Another port, scheme, name; a name that only begins or ends alike; no origin to name.
            (false, "127.0.0.1:8080", "http://127.0.0.1:3000", false),
            (true, "ent.example.fr", "http://ent.example.fr", false),
            (
                true,
                "ent.example.fr",
                "https://ent.example.fr.evil.example",
                false,
            ),
            (true, "ent.example.fr", "https://evil-ent.example.fr", false),
            (true, "ent.example.fr", "https://x@ent.example.fr", false),
            (true, "ent.example.fr", "https://ent.example.fr:", false),
            (true, "ent.example.fr", "https://ent.example.fr/", false),
            (true, "ent.example.fr", "null", false),
            (true, "ent.example.fr", "", false),
        ];
        for (secure, host, origin, own) in cases {
            let site = site(secure, host).expect("a site");
            let headers = headers(&[("origin", origin)]);
            assert_eq!(site.sent_it(&headers), own, "{host} {origin}");
        }
    }

    #[test]
    fn without_an_origin_the_browser_must_say_same_origin() {
        let site = site(false, "127.0.0.1:8080").expect("a site");
        for (pairs, own) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[
                    ("origin", "http://evil.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                false,
            ),
            (
                &[
                    ("origin", "http://127.0.0.1:8080"),
                    ("origin", "http://evil.example"),
                ],
                false,
            ),
        ] {
            assert_eq!(site.sent_it(&headers(pairs)), own, "{pairs:?}");
        }
    }

    #[test]
    fn a_request_for_two_sites_or_none_is_for_none() {
        let two = Request::get("/")
            .header(header::HOST, "127.0.0.1")
            .header(header::HOST, "127.0.0.1")
            .body(())
            .expect("a request");
        assert_eq!(Site::of(&two, false), None);
        let contradicting = Request::get("http://127.0.0.1/")
            .header(header::HOST, "evil.example")
            .body(())
            .expect("a request");
        assert_eq!(Site::of(&contradicting, false), None);
        let none = Request::get("/").body(()).expect("a request");
        assert_eq!(Site::of(&none, false), None);
        for host in ["", "a b", "u@127.0.0.1", "127.0.0.1:", "127.0.0.1:99999"] {
            assert_eq!(site(false, host), None, "{host}");
        }
    }

    #[test]
    fn names_that_can_be_made_to_resolve_here_are_refused_without_tls() {
        let plain = Names::new(&[], false);
        let named = Names::new(&["Ent.Example.fr".into()], false);
        for (host, by_plain, by_named) in [
            ("127.0.0.1:8080", true, true),
            ("[::1]:8080", true, true),
            ("localhost", true, true),
            ("ENT.example.fr", false, true),
            ("evil.example", false, false),
            ("localhost.evil.example", false, false),
            ("127.0.0.1.evil.example", false, false),
        ] {
            let site = site(false, host).expect("a site");
            assert_eq!(plain.include(&site), by_plain, "{host}");
            assert_eq!(named.include(&site), by_named, "{host}");
            assert!(Names::new(&[], true).include(&site), "{host}");
        }
    }
}
