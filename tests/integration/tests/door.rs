//! The browser's door, on the real binary: what a browser sends and is told, byte for byte.

mod browser;

use preau_harness::{Account, AccountRole, Platform, bytes, preau};
use preau_proto::files::v1::{CreateDownloadLinkRequest, ListSpacesRequest};
use preau_proto::identity::v1::GetMeRequest;
use tonic::Code;

use browser::{Answer, Browser};

const ME: &str = "/preau.identity.v1.DirectoryService/GetMe";
const SPACES: &str = "/preau.files.v1.SpaceService/ListSpaces";

fn credentials(account: &Account) -> String {
    let (login, password) = (&account.login, &account.password);
    format!(r#"{{"login":"{login}","password":"{password}"}}"#)
}

async fn sign_in(browser: &mut Browser, account: &Account) -> anyhow::Result<Answer> {
    browser.post_json("/session", &credentials(account)).await
}

async fn is_signed_in(browser: &Browser) -> anyhow::Result<Code> {
    browser.call(ME, &GetMeRequest {}).await
}

#[tokio::test]
async fn a_browser_signs_in_by_a_cookie_and_out_again() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let teacher = platform.account(AccountRole::Teacher, Some(&class))?;
    let mut browser = Browser::new(platform.gateway());
    assert_eq!(is_signed_in(&browser).await?, Code::Unauthenticated);

    let wrong = format!(
        r#"{{"login":"{}","password":"not that one"}}"#,
        teacher.login
    );
    let refused = browser.post_json("/session", &wrong).await?;
    assert_eq!(refused.status, 401);
    assert!(refused.text().contains("\"reason\""), "{}", refused.text());
    assert!(refused.header("set-cookie").is_none());

    let answer = sign_in(&mut browser, teacher).await?;
    assert_eq!(answer.status, 204);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-preau="), "{cookie}");
    for part in [
        "; Path=/",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Strict",
        "; Max-Age=",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(is_signed_in(&browser).await?, Code::Ok);
    assert_eq!(browser.call(SPACES, &ListSpacesRequest {}).await?, Code::Ok);

    let held = browser.cookie().map(str::to_owned);
    let out = browser.delete("/session").await?;
    assert_eq!(out.status, 204);
    assert_eq!(browser.cookie(), None, "the cookie is taken away");
    browser.set_cookie(held);
    assert_eq!(
        is_signed_in(&browser).await?,
        Code::Unauthenticated,
        "a kept copy is worth nothing"
    );
    let again = browser.delete("/session").await?;
    assert_eq!(again.status, 204);
    Ok(())
}

#[tokio::test]
async fn signing_in_rotates_and_signing_out_everywhere_ends_all() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let teacher = platform.account(AccountRole::Teacher, Some(&class))?;
    let mut browser = Browser::new(platform.gateway());
    sign_in(&mut browser, teacher).await?;
    let first = browser.cookie().map(str::to_owned);
    sign_in(&mut browser, teacher).await?;
    let second = browser.cookie().map(str::to_owned);
    assert_ne!(first, second);
    assert_eq!(is_signed_in(&browser).await?, Code::Ok);
    browser.set_cookie(first);
    assert_eq!(is_signed_in(&browser).await?, Code::Unauthenticated);

    browser.set_cookie(second);
    let mut elsewhere = Browser::new(platform.gateway());
    sign_in(&mut elsewhere, teacher).await?;
    let out = browser.delete("/session?everywhere=1").await?;
    assert_eq!(out.status, 204);
    // Never used, so the gateway remembers no principal of it.
    assert_eq!(is_signed_in(&elsewhere).await?, Code::Unauthenticated);
    Ok(())
}

#[tokio::test]
async fn nobody_elses_page_acts_in_a_signed_in_browser() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let pupil = platform.account(AccountRole::Student, Some(&class))?;
    let mut browser = Browser::new(platform.gateway());
    sign_in(&mut browser, pupil).await?;
    for foreign in ["https://evil.example", "http://127.0.0.1:1", "null"] {
        let attack = browser.page_of(foreign);
        assert_eq!(is_signed_in(&attack).await?, Code::PermissionDenied);
        let out = attack.clone().delete("/session?everywhere=1").await?;
        assert_eq!(out.status, 403);
        let mut login = browser.page_of(foreign);
        assert_eq!(sign_in(&mut login, pupil).await?.status, 403);
    }
    let form = browser
        .post("/session", "application/x-www-form-urlencoded", "login=a")
        .await?;
    assert_eq!(form.status, 415);
    let simple = browser.post(ME, "text/plain", "").await?;
    assert_eq!(simple.status, 415);
    let rebound = browser.get_from("evil.example", "/app").await?;
    assert_eq!(rebound.status, 421);
    assert_eq!(is_signed_in(&browser).await?, Code::Ok, "nothing happened");
    Ok(())
}

#[tokio::test]
async fn the_interface_is_served_with_its_guards() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let browser = Browser::new(platform.gateway());
    let root = browser.get("/", &[]).await?;
    assert_eq!(
        (root.status, root.header("location")),
        (302, Some("/app")),
        "the binary was built without the interface: run `make ui` and build it again"
    );
    let page = browser.get("/app/anything", &[]).await?;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"));
    let html = page.text();
    let script = html
        .split('"')
        .find(|text| text.starts_with("/assets/") && text.ends_with(".js"))
        .expect("a script");
    assert!(
        !html.contains("<style") && !html.contains("style="),
        "{html}"
    );

    let asset = browser.get(script, &[]).await?;
    assert_eq!(asset.status, 200);
    let forever = "public, max-age=31536000, immutable";
    assert_eq!(asset.header("cache-control"), Some(forever));
    let kind = "text/javascript; charset=utf-8";
    assert_eq!(asset.header("content-type"), Some(kind));
    let tag = asset.header("etag").expect("a tag").to_owned();
    let known = browser.get(script, &[("if-none-match", &tag)]).await?;
    assert_eq!((known.status, known.body.len()), (304, 0));
    for path in [
        "/assets/unknown.js",
        "/assets/../index.html",
        "/.vite/manifest.json",
    ] {
        assert_eq!(browser.get(path, &[]).await?.status, 404, "{path}");
    }
    for answer in [root, page, asset] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        let opener = answer.header("cross-origin-opener-policy");
        assert_eq!(opener, Some("same-origin"));
        assert_eq!(answer.header("strict-transport-security"), None);
    }
    Ok(())
}

#[tokio::test]
async fn a_link_downloads_the_very_bytes_in_ranges_too() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let [class, _] = platform.classes();
    let space = platform.teacher(&class).await?.space(&class).await?;
    let file = bytes("download", 5 * 1024 * 1024 + 77);
    let node = space.upload("<svg onload=1> été.svg", &file).await?;
    let request = CreateDownloadLinkRequest {
        space_id: space.id().to_owned(),
        node_id: node.node_id,
    };
    let link = space.person().files().create_download_link(request).await?;
    let path = link.into_inner().path;

    // Without a session: the link is all it takes.
    let browser = Browser::new(platform.gateway());
    let whole = browser.get(&path, &[]).await?;
    assert_eq!(whole.status, 200);
    assert!(whole.body == file, "the very bytes");
    let kind = whole.header("content-type");
    assert_eq!(kind, Some("application/octet-stream"));
    let policy = whole.header("content-security-policy").expect("a policy");
    assert!(
        policy.starts_with("sandbox; default-src 'none'"),
        "{policy}"
    );
    let disposition = whole.header("content-disposition").expect("a name");
    assert!(
        disposition.starts_with("attachment; ")
            && disposition.ends_with("%3Csvg%20onload%3D1%3E%20%C3%A9t%C3%A9.svg"),
        "{disposition}"
    );
    let tag = whole.header("etag").expect("a tag").to_owned();
    assert_eq!(tag, format!("\"{}\"", blake3::hash(&file).to_hex()));

    // Cut anywhere and resumed, it is the same file.
    let cut = 3 * 1024 * 1024 + 5;
    for (range, start, end) in [
        (format!("bytes=0-{}", cut - 1), 0, cut),
        (format!("bytes={cut}-"), cut, file.len()),
        ("bytes=-1000".into(), file.len() - 1000, file.len()),
        ("bytes=65535-65536".into(), 65_535, 65_537),
    ] {
        let part = browser
            .get(&path, &[("range", &range), ("if-range", &tag)])
            .await?;
        assert_eq!(part.status, 206, "{range}");
        assert!(part.body == file[start..end], "{range}");
        let about = format!("bytes {start}-{}/{}", end - 1, file.len());
        assert_eq!(part.header("content-range"), Some(&*about));
    }
    let beyond = format!("bytes={}-", file.len());
    let outside = browser.get(&path, &[("range", &beyond)]).await?;
    assert_eq!(outside.status, 416);

    let forged = format!("{}x", path);
    let refused = browser.get(&forged, &[]).await?;
    assert_eq!(refused.status, 404);
    assert!(refused.text().contains("Go back to the folder"));
    Ok(())
}

#[tokio::test]
async fn with_a_certificate_everything_is_over_tls() -> anyhow::Result<()> {
    let builder = Platform::prepared().await?;
    let made = rcgen::generate_simple_self_signed(["ent.example.fr".to_owned()])?;
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| builder.root().join(name));
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let toml = format!(
        "[gateway]\ntls_certificate = '{}'\ntls_key = '{}'\n",
        certificate.display(),
        key.display()
    );
    let platform = builder.config(&toml)?.start().await?;
    assert!(platform.gateway().starts_with("https://"));
    let root = made.cert.der().clone();
    let mut browser = Browser::secure(platform.gateway(), "ent.example.fr", root)?;
    let [class, _] = platform.classes();
    let pupil = platform.account(AccountRole::Student, Some(&class))?;
    let answer = sign_in(&mut browser, pupil).await?;
    assert_eq!(answer.status, 204);
    let lasting = answer.header("strict-transport-security");
    assert_eq!(lasting, Some("max-age=31536000"));
    assert_eq!(is_signed_in(&browser).await?, Code::Ok);
    let downgraded = browser.page_of("http://ent.example.fr");
    assert_eq!(is_signed_in(&downgraded).await?, Code::PermissionDenied);
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_stops_the_start_with_the_key_named() -> anyhow::Result<()>
{
    let folder = tempfile::tempdir()?;
    let [one, other] = [(); 2].map(|()| rcgen::generate_simple_self_signed(["a".to_owned()]));
    let (certificate, key) = (folder.path().join("a.pem"), folder.path().join("b.pem"));
    std::fs::write(&certificate, one?.cert.pem())?;
    std::fs::write(&key, other?.signing_key.serialize_pem())?;
    let missing = folder.path().join("missing.pem");
    for (certificate, key, named) in [
        (&certificate, &key, "gateway.tls_key do not fit"),
        (&missing, &key, "gateway.tls_certificate"),
        (&certificate, &missing, "gateway.tls_key"),
    ] {
        let environment = [
            (
                "PREAU_GATEWAY_TLS_CERTIFICATE",
                certificate.display().to_string(),
            ),
            ("PREAU_GATEWAY_TLS_KEY", key.display().to_string()),
            (
                "PREAU_DATA_DIR",
                folder.path().join("data").display().to_string(),
            ),
        ];
        let environment = environment
            .each_ref()
            .map(|(name, value)| (*name, &**value));
        let args = ["up", "--gateway", "127.0.0.1:0", "--mesh", "127.0.0.1:0"];
        let end = preau(args, &environment).await?;
        assert_eq!(end.code, Some(2), "{end:#?}");
        let line = end.error_line();
        assert!(line.contains(named) && line.contains(".pem"), "{line}");
    }
    Ok(())
}
