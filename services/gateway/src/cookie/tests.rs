use http::Request;

use super::*;

fn headers(cookies: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for cookie in cookies {
        headers.append(header::COOKIE, HeaderValue::from_static(cookie));
    }
    headers
}

/// What a page of our own may act as.
fn found(cookies: &[&'static str]) -> CookieSession {
    let mut request = Request::get("https://ent.example.fr/")
        .body(())
        .expect("a request");
    *request.headers_mut() = headers(cookies);
    let origin = HeaderValue::from_static("https://ent.example.fr");
    request.headers_mut().insert(header::ORIGIN, origin);
    let site = Site::of(&request, true).expect("a site");
    CookieSession::of(request.headers(), &site)
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
        let CookieSession::Own(session) = found(cookies) else {
            panic!("{cookies:?}");
        };
        assert_eq!(session.as_str(), "abc", "{cookies:?}");
    }
}

#[test]
fn several_or_malformed_ones_are_nobody() {
    for cookies in [
        &["__Host-preau="][..],
        &["__Host-preau=\"abc\""],
        &["__Host-preau=a b"],
        &["__Host-preau=a,b"],
        &["__Host-preau=dev_abc"],
        &["__Host-preau=abc; __Host-preau=abc"],
        &["__Host-preau=abc", "__Host-preau=def"],
        &["__Host-preau=; __Host-preau=def"],
    ] {
        let found = found(cookies);
        assert!(matches!(found, CookieSession::Unusable), "{cookies:?}");
    }
    for cookies in [&[][..], &["__Host-preau"], &["__host-preau=abc"]] {
        assert!(matches!(found(cookies), CookieSession::None), "{cookies:?}");
    }
}

#[test]
fn all_sessions_are_named_once_each_and_not_without_end() {
    let named = |cookies| {
        let sessions = sessions(&headers(cookies))?;
        Ok(sessions
            .iter()
            .map(|one| one.as_str().to_owned())
            .collect::<Vec<_>>())
    };
    let cookies = &[
        "__Host-preau=a; __Host-preau=; __Host-preau=dev_a",
        "__Host-preau=b; __Host-preau=a",
    ];
    assert_eq!(named(cookies), Ok(vec!["a".to_owned(), "b".to_owned()]));
    let five = &["__Host-preau=a; __Host-preau=b; __Host-preau=c; __Host-preau=d; __Host-preau=e"];
    assert_eq!(named(five), Err(TooMany));
}

#[test]
fn a_token_that_no_cookie_holds_is_not_set() {
    for token in ["a;Domain=evil", "dev_abc"] {
        let mut headers = HeaderMap::new();
        let bad = SessionToken::parse(token).expect("a token for a header");
        assert_eq!(set(&mut headers, &bad, None), Err(Unfit));
        assert!(headers.is_empty());
    }
}
