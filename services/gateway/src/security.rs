//! What a browser is told about every answer, so that it keeps apart what must stay apart.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// For everything that is no page of the interface: nothing may be loaded or run.
pub(crate) const INERT: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For the interface: files of its own origin and nothing else; no inline script or style, no frame around it.
pub(crate) const INTERFACE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// For people's files: whatever they hold, it is in no origin, runs no script and submits nothing.
pub(crate) const HOSTILE: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Adds what is the same for every answer, and the strictest for what the answer does not say itself. Over plain HTTP
/// nothing is said about TLS: browsers ignore it there, and this machine's other ports would be meant too.
pub(crate) fn add(headers: &mut HeaderMap, secure: bool) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, INERT),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers
            .entry(name)
            .or_insert_with(|| HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_own_word_stays_and_what_it_does_not_say_is_strict() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        );
        add(&mut headers, false);
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-store");
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], INERT);
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
        add(&mut headers, true);
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn no_policy_lets_anything_inline_or_foreign_in() {
        for policy in [INERT, INTERFACE, HOSTILE] {
            assert!(policy.contains("default-src 'none'"), "{policy}");
            for weak in ["unsafe", "*", "http", "data:", "blob:"] {
                assert!(!policy.contains(weak), "{policy}: {weak}");
            }
        }
    }
}
