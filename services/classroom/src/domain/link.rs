/// Bytes of a link at most.
const MAX_LINK: usize = 2048;

/// A link that a pupil's browser may open: http or https, to a host, with nobody's password in it.
///
/// Stricter than browsers, which repair what they are given: a text that two programs could read as two addresses is
/// no link here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link(String);

/// Why a text is no link. The person who pasted it reads this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidLink {
    #[error("{bytes} bytes, and the most is {MAX_LINK}: push a shorter link")]
    TooLong { bytes: usize },
    #[error("only links that begin with http:// or https:// can be pushed")]
    Scheme,
    #[error(
        "the link holds U+{code:04X}: copy it from the address bar of a browser, which writes it as %…"
    )]
    Character { code: u32 },
    #[error("the link holds a name or password before its host: remove everything up to the @")]
    Credentials,
    #[error("the link names no host: copy it from the address bar of a browser")]
    Host,
}

impl Link {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidLink> {
        if text.len() > MAX_LINK {
            return Err(InvalidLink::TooLong { bytes: text.len() });
        }
        let rest = after_scheme(text).ok_or(InvalidLink::Scheme)?;
        // RFC 3986: nothing but these is written as it is; a browser reads a backslash as a slash.
        let plain = |c: char| c.is_ascii_graphic() && !"\\\"<>^`{|}".contains(c);
        if let Some(c) = rest.chars().find(|c| !plain(*c)) {
            return Err(InvalidLink::Character { code: c.into() });
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(InvalidLink::Credentials);
        }
        if !is_host_and_port(authority) {
            return Err(InvalidLink::Host);
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let named = |host: &str| {
        !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    let host_is_right = match host.strip_prefix('[') {
        Some(host) => host
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => named(host),
    };
    host_is_right && (port.is_empty() || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_copies_is_a_link() {
        for text in [
            "https://fr.wikipedia.org/wiki/%C3%89t%C3%A9?action=raw&x=1#Haut",
            "HTTP://localhost:8080",
            "https://[::1]:8443/@moi",
            "https://exemple.fr/a:b@c",
        ] {
            assert_eq!(
                Link::parse(text).map(|link| link.as_str().to_owned()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn nothing_but_the_web_is_pushed() {
        for text in [
            "javascript:alert(1)",
            "javascript://exemple.fr/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            " https://exemple.fr",
            "https:exemple.fr",
            "ftp://exemple.fr",
            "",
        ] {
            assert_eq!(Link::parse(text), Err(InvalidLink::Scheme), "{text:?}");
        }
    }

    #[test]
    fn a_link_that_could_be_read_in_two_ways_is_refused() {
        let character = |text| matches!(Link::parse(text), Err(InvalidLink::Character { .. }));
        for text in [
            "https://a.fr\\@b.fr",
            "https://a.fr/\nx",
            "https://a.fr/é",
            "https://a.fr/ x",
            "https://a.fr\u{202E}",
        ] {
            assert!(character(text), "{text:?}");
        }
        for text in ["https://moi:secret@a.fr/", "https://moi@a.fr"] {
            assert_eq!(Link::parse(text), Err(InvalidLink::Credentials), "{text:?}");
        }
        for text in [
            "https://",
            "https:///a",
            "https://:80",
            "https://a.fr:99999",
            "https://[x]/",
            "https://a.fr:8o",
        ] {
            assert_eq!(Link::parse(text), Err(InvalidLink::Host), "{text:?}");
        }
        let long = format!("https://a.fr/{}", "a".repeat(MAX_LINK));
        assert!(matches!(
            Link::parse(&long),
            Err(InvalidLink::TooLong { .. })
        ));
    }
}
