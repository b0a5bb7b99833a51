//! `content-disposition` (RFC 6266): the name to save a file under, which may be anything.

use std::fmt::Write;

use http::HeaderValue;

/// An attachment of this name: in full for today's browsers, in ASCII for the others. Nothing in a name can end the
/// value: what is not plainly harmless is replaced in the one form and percent-encoded in the other.
pub(super) fn attachment(name: &str) -> HeaderValue {
    let mut text = String::from("attachment; filename=\"");
    text.extend(name.chars().map(|c| match c {
        '"' | '\\' | '%' | '/' | ':' | '*' | '?' | '<' | '>' | '|' => '_',
        ' '..='~' => c,
        _ => '_',
    }));
    text.push_str("\"; filename*=UTF-8''");
    for byte in name.bytes() {
        // `attr-char` of RFC 8187.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    HeaderValue::try_from(text).expect("visible ASCII and spaces are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> String {
        let value = attachment(name);
        value.to_str().expect("visible ASCII").to_owned()
    }

    #[test]
    fn a_name_comes_in_full_and_in_ascii() {
        assert_eq!(
            of("cours 1.pdf"),
            "attachment; filename=\"cours 1.pdf\"; filename*=UTF-8''cours%201.pdf"
        );
        assert_eq!(
            of("été.pdf"),
            "attachment; filename=\"_t_.pdf\"; filename*=UTF-8''%C3%A9t%C3%A9.pdf"
        );
    }

    #[test]
    fn no_name_says_anything_else() {
        for name in [
            "a\"; filename=evil.exe; x=\"",
            "a\r\nset-cookie: b=c",
            "a\0b",
            "a\\\"b",
            "%22%0d%0a.html",
            "\u{202e}fdp.exe",
            "../../etc/passwd",
            "'; drop=1",
            "",
        ] {
            let value = of(name);
            assert!(
                value.is_ascii() && !value.contains(['\r', '\n', '\\']),
                "{value}"
            );
            assert_eq!(value.matches('"').count(), 2, "{value}");
            let (_, encoded) = value.split_once("''").expect("the full name");
            assert!(!encoded.contains(['\'', ';', '"', ' ', '/']), "{value}");
        }
    }
}
