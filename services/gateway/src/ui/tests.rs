use http::Request;
use http_body_util::BodyExt;

use super::*;

fn built() -> Interface {
    let files = [
        ("index.html", "<!doctype html>"),
        ("assets/app-1.js", "plain script"),
        ("assets/app-1.js.br", "brotli"),
        ("assets/leaf-2.svg", "<svg/>"),
        ("assets/secret.map", "{}"),
        ("robots.txt", "User-agent: *"),
        (".vite/manifest.json", "{}"),
        (".hidden.json", "{}"),
    ];
    Interface::new(files.map(|(path, text)| (path.to_owned(), text.into())))
}

fn site() -> Site {
    let request = Request::get("/").header(header::HOST, "127.0.0.1:8080");
    Site::of(&request.body(()).expect("a request"), false).expect("a site")
}

fn get(interface: &Interface, path: &str, headers: &[(&'static str, &str)]) -> Response<Body> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().expect("a header"));
    }
    interface.answer(&Method::GET, path, &map, &site())
}

async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.expect("a whole body");
    String::from_utf8(body.to_bytes().into()).expect("text")
}

#[tokio::test]
async fn every_path_of_the_application_is_its_page() {
    let interface = built();
    let root = get(&interface, "/", &[]);
    assert_eq!(root.status(), StatusCode::FOUND);
    assert_eq!(root.headers()[header::LOCATION], "/app");
    for path in ["/app", "/app/", "/app/spaces/1", "/app/../assets/app-1.js"] {
        let page = get(&interface, path, &[]);
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        let headers = page.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        assert_eq!(
            headers[header::CONTENT_SECURITY_POLICY],
            security::INTERFACE
        );
        assert_eq!(text(page).await, "<!doctype html>");
    }
}

#[test]
fn nothing_but_files_meant_for_browsers_is_served() {
    let interface = built();
    for path in [
        "/application",
        "/index.html",
        "/assets",
        "/assets/",
        "/assets/unknown.js",
        "/assets/app-1.js.br",
        "/assets/secret.map",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets//app-1.js",
        "/.vite/manifest.json",
        "/.hidden.json",
        "//index.html",
        "/ASSETS/app-1.js",
    ] {
        assert_eq!(
            get(&interface, path, &[]).status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(get(&interface, "/robots.txt", &[]).status(), StatusCode::OK);
}

#[tokio::test]
async fn brotli_is_for_who_accepts_it_and_each_form_has_its_tag() {
    let interface = built();
    let mut tags = Vec::new();
    for (accepted, encoded) in [
        ("gzip, deflate, br, zstd", true),
        ("br;q=0.5", true),
        ("BR", true),
        ("gzip", false),
        ("br;q=0", false),
        ("br; q=0.0", false),
        ("", false),
    ] {
        let headers = [("accept-encoding", accepted)];
        let file = get(&interface, "/assets/app-1.js", &headers);
        assert_eq!(
            file.headers().contains_key(header::CONTENT_ENCODING),
            encoded,
            "{accepted}"
        );
        assert_eq!(file.headers()[header::VARY], "accept-encoding");
        assert_eq!(
            file.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        tags.push((encoded, file.headers()[header::ETAG].clone()));
        let expected = if encoded { "brotli" } else { "plain script" };
        assert_eq!(text(file).await, expected);
    }
    assert_ne!(tags[0].1, tags[3].1);
    let other = get(
        &interface,
        "/assets/leaf-2.svg",
        &[("accept-encoding", "br")],
    );
    assert!(!other.headers().contains_key(header::VARY));
    assert_eq!(other.headers()[header::CONTENT_TYPE], "image/svg+xml");
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let interface = built();
    let tag = get(&interface, "/app", &[]).headers()[header::ETAG].clone();
    let tag = tag.to_str().expect("text");
    for known in [tag, &format!("\"other\", W/{tag}"), "*"] {
        let page = get(&interface, "/app", &[("if-none-match", known)]);
        assert_eq!(page.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(page.headers()[header::ETAG], tag);
        assert_eq!(text(page).await, "");
    }
    let page = get(&interface, "/app", &[("if-none-match", "\"other\"")]);
    assert_eq!(page.status(), StatusCode::OK);
}

#[tokio::test]
async fn head_tells_the_length_without_the_bytes() {
    let interface = built();
    let head = interface.answer(&Method::HEAD, "/app", &HeaderMap::new(), &site());
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "15");
    assert_eq!(text(head).await, "");
}

#[tokio::test]
async fn without_a_build_the_page_says_how_to_make_one() {
    let interface = Interface::new([]);
    let page = get(&interface, "/app", &[]);
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(text(page).await.contains("make ui"));
    let request = Request::get("/").header(header::HOST, "ent.example.fr");
    let request = request.body(()).expect("a request");
    let secure = Site::of(&request, true).expect("a site");
    for (site, command) in [
        (site(), "preau login --server http://127.0.0.1:8080 "),
        (secure, "preau login --server https://ent.example.fr "),
    ] {
        let root = interface.answer(&Method::GET, "/", &HeaderMap::new(), &site);
        assert_eq!(root.status(), StatusCode::OK);
        assert!(text(root).await.contains(command), "{command}");
    }
}
