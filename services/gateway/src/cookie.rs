//! The session's cookie: the one place where a browser keeps a session, out of any script's reach.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::credential::SessionToken;
use crate::site::Site;

/// `__Host-`: browsers take it only with `Secure`, `Path=/` and no `Domain`, so no other host and no plain-HTTP page can
/// plant one. (They count loopback as secure.)
const NAME: &str = "__Host-preau";

/// Sessions that one browser is let off with; it keeps one, or one for each partition.
const MOST: usize = 4;

/// What a browser's request may act as, besides what `authorization` says.
#[derive(Clone)]
pub(crate) enum CookieSession {
    /// No cookie of ours.
    None,
    /// Several, or one that cannot be a session of a browser's: nobody.
    Unusable,
    /// The session of a page of our own.
    Own(SessionToken),
    /// There is a session, but not our page sent the request.
    Foreign,
}

impl CookieSession {
    pub(crate) fn of(headers: &HeaderMap, site: &Site) -> Self {
        let mut values = values(headers);
        // Which of several was meant nobody can tell, so several are none.
        match (values.next(), values.next()) {
            (None, _) => Self::None,
            (Some(Some(session)), None) if site.sent_it(headers) => Self::Own(session),
            (Some(Some(_)), None) => Self::Foreign,
            _ => Self::Unusable,
        }
    }
}

/// More sessions than any browser keeps: the visitor's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST} sessions in cookies: delete this site's cookies and sign in again")]
pub(crate) struct TooMany;

/// Every session that the cookies name, each once.
pub(crate) fn sessions(headers: &HeaderMap) -> Result<Vec<SessionToken>, TooMany> {
    let mut sessions = Vec::new();
    for session in values(headers).flatten() {
        if sessions.contains(&session) {
            continue;
        }
        if sessions.len() == MOST {
            return Err(TooMany);
        }
        sessions.push(session);
    }
    Ok(sessions)
}

/// The values of all cookies of our name; `None` for one that cannot be a browser's session, a device's among them.
fn values(headers: &HeaderMap) -> impl Iterator<Item = Option<SessionToken>> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii_start().strip_prefix(NAME.as_bytes()))
        .filter_map(|rest| rest.strip_prefix(b"="))
        .map(|value| SessionToken::parse(std::str::from_utf8(value).ok()?).filter(is_cookie_value))
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

/// Whether a token needs no quoting in a cookie (RFC 6265, section 4.1.1), and is a person's: devices keep no cookies.
fn is_cookie_value(session: &SessionToken) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    session.as_str().bytes().all(plain) && !session.is_of_a_device()
}

#[cfg(test)]
mod tests;
