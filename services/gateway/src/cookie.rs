//! The session's cookie: the one place where a browser keeps a session, out of any script's reach.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::principals::SessionToken;
use crate::site::Site;

/// `__Host-`: browsers take it only with `Secure`, `Path=/` and no `Domain`, so no other host and no plain-HTTP page can
/// plant one. (They count loopback as secure.)
const NAME: &str = "__Host-preau";

/// What a browser's request may act as, besides what `authorization` says.
#[derive(Clone)]
pub(crate) enum CookieSession {
    /// No cookie of ours, several, or one that cannot be a session: nobody.
    None,
    /// The session of a page of our own.
    Own(SessionToken),
    /// There is a session, but not our page sent the request.
    Foreign,
}

impl CookieSession {
    pub(crate) fn of(headers: &HeaderMap, site: &Site) -> Self {
        match read(headers) {
            None => Self::None,
            Some(session) if site.sent_it(headers) => Self::Own(session),
            Some(_) => Self::Foreign,
        }
    }
}

/// The one session that the cookies name. Which of several was meant nobody can tell, so several are none.
pub(crate) fn read(headers: &HeaderMap) -> Option<SessionToken> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii_start().strip_prefix(NAME.as_bytes()))
        .filter_map(|rest| rest.strip_prefix(b"="));
    let (value, further) = (found.next()?, found.next());
    if further.is_some() {
        return None;
    }
    SessionToken::parse(std::str::from_utf8(value).ok()?).filter(is_cookie_value)
}

/// A session token that no cookie can hold: identity's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("identity made a session token that no cookie can hold")]
pub(crate) struct Unfit;

/// Sets the cookie for as long as the session may last; without a limit, until the browser closes.
pub(crate) fn set(
    headers: &mut HeaderMap,
    session: &SessionToken,
    lasts: Option<Duration>,
) -> Result<(), Unfit> {
    if !is_cookie_value(session) {
        return Err(Unfit);
    }
    let age = lasts.map_or_else(String::new, |lasts| {
        format!("; Max-Age={}", lasts.as_secs())
    });
    let token = session.as_str();
    let text = format!("{NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Strict{age}");
    let mut value = HeaderValue::try_from(text).map_err(|_| Unfit)?;
    value.set_sensitive(true);
    headers.insert(header::SET_COOKIE, value);
    Ok(())
}

/// Takes the cookie away.
pub(crate) fn clear(headers: &mut HeaderMap) {
    const GONE: &str = "__Host-preau=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
    headers.insert(header::SET_COOKIE, HeaderValue::from_static(GONE));
}

/// Whether a token needs no quoting in a cookie (RFC 6265, section 4.1.1).
fn is_cookie_value(session: &SessionToken) -> bool {
    session
        .as_str()
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(cookies: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_static(cookie));
        }
        read(&headers).map(|session| session.as_str().to_owned())
    }

    #[test]
    fn the_session_is_found_among_other_cookies_in_one_header_or_several() {
        for cookies in [
            &["__Host-preau=abc"][..],
            &["a=b; __Host-preau=abc; c=d"],
            &["a=b;__Host-preau=abc"],
            &["a=b", "__Host-preau=abc", "c=d"],
            &["__Host-preau-old=x; x__Host-preau=y; __Host-preau=abc"],
        ] {
            assert_eq!(found(cookies).as_deref(), Some("abc"), "{cookies:?}");
        }
    }

    #[test]
    fn several_or_malformed_ones_are_nobody() {
        for cookies in [
            &[][..],
            &["__Host-preau"],
            &["__Host-preau="],
            &["__Host-preau=\"abc\""],
            &["__Host-preau=a b"],
            &["__Host-preau=a,b"],
            &["__host-preau=abc"],
            &["__Host-preau=abc; __Host-preau=abc"],
            &["__Host-preau=abc", "__Host-preau=def"],
            &["__Host-preau=; __Host-preau=def"],
        ] {
            assert_eq!(found(cookies), None, "{cookies:?}");
        }
    }

    #[test]
    fn a_token_that_no_cookie_holds_is_not_set() {
        let mut headers = HeaderMap::new();
        let bad = SessionToken::parse("a;Domain=evil").expect("a token for a header");
        assert_eq!(set(&mut headers, &bad, None), Err(Unfit));
        assert!(headers.is_empty());
    }
}
