//! What the outside may not say, and what it may not hear.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Names of headers by which workloads and proxies vouch for identities. From outside they are
/// forgeries, so they go, whatever follows the prefix (`-bin` variants included).
const IDENTITY_PREFIXES: [&str; 5] = [
    "x-preau-",
    "l5d-",
    "x-forwarded-",
    "x-spiffe-",
    "grpc-metadata-",
];

/// Headers that concern one connection, or whose content stops here.
const HOP: [HeaderName; 12] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::COOKIE,
    header::FORWARDED,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::SET_COOKIE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Not constants of `http`: the same kind as [`HOP`].
const HOP_BY_NAME: [&str; 3] = ["keep-alive", "proxy-connection", "http2-settings"];

/// Takes away what nobody outside may say.
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    // Headers that `connection` names are for this hop only, too (RFC 9110, section 7.6.1).
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().filter(|name| **name != header::TE) {
        headers.remove(name);
    }
    strip(headers);
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
}

/// Takes away what is only said inside.
pub(crate) fn strip_response(headers: &mut HeaderMap) {
    strip(headers);
}

fn strip(headers: &mut HeaderMap) {
    for name in &HOP {
        headers.remove(name);
    }
    for name in HOP_BY_NAME {
        headers.remove(name);
    }
    let identities: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            IDENTITY_PREFIXES
                .iter()
                .any(|prefix| name.as_str().starts_with(prefix))
        })
        .cloned()
        .collect();
    for name in identities {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&str]) -> HeaderMap {
        names
            .iter()
            .map(|name| {
                let name: HeaderName = name.parse().expect("a header name");
                (name, HeaderValue::from_static("forged"))
            })
            .collect()
    }

    #[test]
    fn every_identity_header_goes_in_every_variant() {
        let mut map = headers(&[
            "x-preau-principal",
            "x-preau-principal-bin",
            "X-Preau-Anything",
            "l5d-client-id",
            "l5d-client-id-bin",
            "x-forwarded-client-cert",
            "x-forwarded-client-cert-bin",
            "x-spiffe-id",
            "x-spiffe-id-bin",
            "authorization",
            "cookie",
        ]);
        strip_request(&mut map);
        let left: Vec<&str> = map.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["te"]);
    }

    #[test]
    fn what_a_call_needs_stays() {
        let mut map = headers(&["grpc-timeout", "traceparent", "user-agent", "x-mine-bin"]);
        strip_request(&mut map);
        assert_eq!(map.len(), 5);
    }

    #[test]
    fn headers_named_by_connection_stay_on_their_hop() {
        let mut map = headers(&["x-hop", "x-stays"]);
        map.insert(header::CONNECTION, HeaderValue::from_static("close, X-Hop"));
        strip_request(&mut map);
        assert!(map.get("x-hop").is_none());
        assert!(map.get("x-stays").is_some());
    }
}
