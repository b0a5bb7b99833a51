//! The command line over TLS: whom it believes, and what it says when it does not.

use std::path::{Path, PathBuf};

use preau_harness::{AccountRole, Finished, Platform, PlatformBuilder, bytes, preau};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

/// Exit codes, as `preau --help` documents them.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const PART: usize = 2 * 1024 * 1024;

/// A school's own authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        Ok(Self(CertifiedIssuer::self_signed(params, key)?))
    }

    /// Its certificate, beside the data.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let path = folder.join("authority.pem");
        std::fs::write(&path, self.0.pem())?;
        Ok(path)
    }

    /// The platform's gateway with a certificate of this authority's.
    pub(crate) fn issue(
        &self,
        builder: PlatformBuilder,
        params: &CertificateParams,
    ) -> anyhow::Result<PlatformBuilder> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.0)?;
        let [pem, secret] = ["certificate.pem", "key.pem"].map(|name| builder.root().join(name));
        std::fs::write(&pem, certificate.pem())?;
        std::fs::write(&secret, key.serialize_pem())?;
        builder.config(&format!(
            "[gateway]\ntls_certificate = '{}'\ntls_key = '{}'\n",
            pem.display(),
            secret.display()
        ))
    }
}

/// For these names, good today.
pub(crate) fn names(names: &[&str]) -> anyhow::Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    Ok(CertificateParams::new(names)?)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `preau ARGS --server URL` of somebody whose home is `home`.
async fn run(
    home: &Path,
    url: &str,
    args: &[&str],
    env: &[(&str, &str)],
) -> anyhow::Result<Finished> {
    let env = [env, &[("HOME", text(home))]].concat();
    preau(args.iter().chain(&["--server", url]), &env).await
}

#[tokio::test]
async fn files_go_up_and_come_down_over_tls_and_the_session_is_remembered() -> anyhow::Result<()> {
    let builder = Platform::prepared().await?;
    let authority = Authority::new()?;
    let ca = authority.write(builder.root())?;
    let platform = authority
        .issue(builder, &names(&["127.0.0.1", "localhost"])?)?
        .start()
        .await?;
    let url = platform.gateway();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let [class, _] = platform.classes();
    let teacher = platform.account(AccountRole::Teacher, Some(&class))?;
    let secret = platform.root().join("secret");
    std::fs::write(&secret, &teacher.password)?;
    let own = [("PREAU_CA", text(&ca))];
    let login = ["login", "--login", &teacher.login];
    let login = [&login, ["--password-file", text(&secret)].as_slice()].concat();
    let home = platform.root();
    let _ = run(home, url, &login, &own).await?.success();

    let file = bytes("over TLS", 5 * PART + 3);
    let [local, got] = ["cours.pdf", "got.pdf"].map(|name| home.join(name));
    std::fs::write(&local, &file)?;
    let remote = format!("{class}:/cours.pdf");
    let put = ["files", "put", text(&local), &remote];
    let _ = run(home, url, &put, &own).await?.success();
    let get = ["files", "get", &remote, text(&got), "--ca", text(&ca)];
    let _ = run(home, url, &get, &[]).await?.success();
    assert!(std::fs::read(&got)? == file, "the bytes are the same");

    // Another name of the same server is another server: nobody is signed in there.
    let other = url.replace("127.0.0.1", "localhost");
    let ls = ["files", "ls"];
    let stranger = run(home, &other, &ls, &own).await?;
    assert!(
        stranger.error_line().contains("not signed in"),
        "{stranger:#?}"
    );
    let _ = run(home, &other, &login, &own).await?.success();
    let _ = run(home, &other, &["logout"], &own).await?.success();
    // The system's own authorities may be those of the school.
    let system = [("SSL_CERT_FILE", text(&ca)), ("PREAU_CA", "")];
    let listed = run(home, url, &ls, &system).await?.success();
    assert!(listed.stdout.contains(&class), "{listed:#?}");

    // Forgotten here even when the server is not believed any more.
    let end = run(home, url, &["logout"], &[("SSL_CERT_FILE", text(&secret))]).await?;
    assert_eq!(end.code, Some(USAGE), "{end:#?}");
    let end = run(home, url, &ls, &own).await?;
    assert!(end.error_line().contains("not signed in"), "{end:#?}");
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_proves_nothing_is_refused_with_the_reason_and_the_remedy()
-> anyhow::Result<()> {
    let authority = Authority::new()?;
    let mut expired = names(&["127.0.0.1"])?;
    (expired.not_before, expired.not_after) =
        (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let mut early = names(&["127.0.0.1"])?;
    (early.not_before, early.not_after) = (date_time_ymd(2200, 1, 1), date_time_ymd(2201, 1, 1));
    let elsewhere = names(&["ent.example.fr"])?;
    let good = names(&["127.0.0.1"])?;
    let mut own = good.clone();
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let stranger = Authority::new()?;
    for (issuer, params, words, remedy) in [
        (
            &stranger,
            good,
            "from no authority that is known here",
            "--ca FILE",
        ),
        (
            &authority,
            elsewhere,
            "is for ent.example.fr, not for 127.0.0.1",
            "--server",
        ),
        (&authority, expired, "has expired", "renew"),
        (&authority, early, "not valid yet", "clock"),
        (&authority, own, "is an authority's own", "CA:FALSE"),
    ] {
        let builder = PlatformBuilder::empty()?;
        let ca = authority.write(builder.root())?;
        let platform = issuer.issue(builder, &params)?.start().await?;
        let secret = platform.root().join("secret");
        std::fs::write(&secret, "canary-password")?;
        let ls = ["files", "ls", "--login", "ada", "--ca", text(&ca)];
        let ls = [&ls, ["--password-file", text(&secret)].as_slice()].concat();
        let end = run(platform.root(), platform.gateway(), &ls, &[]).await?;
        assert_eq!(end.code, Some(FAILED), "{end:#?}");
        let line = end.error_line();
        assert!(line.contains(words) && line.contains(remedy), "{line}");
        assert!(line.contains(platform.gateway()), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn without_tls_nothing_leaves_this_machine() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path();
    let secret = home.join("secret");
    std::fs::write(&secret, "canary-password")?;
    let login = ["login", "--login", "ada", "--password-file", text(&secret)];
    for url in ["http://192.0.2.1:8080", "http://ent.example.fr"] {
        let end = run(home, url, &login, &[]).await?;
        assert_eq!(end.code, Some(USAGE), "{end:#?}");
        let line = end.error_line();
        assert!(
            line.contains(url) && line.contains("write https://"),
            "{line}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_server_without_tls_and_files_without_authorities_are_told() -> anyhow::Result<()> {
    let platform = PlatformBuilder::empty()?.start().await?;
    let home = platform.root();
    let authority = Authority::new()?.write(home)?;
    let secret = home.join("secret");
    std::fs::write(&secret, "canary-password")?;
    let url = platform.gateway().replace("http://", "https://");
    let ls = [
        "files",
        "ls",
        "--login",
        "ada",
        "--password-file",
        text(&secret),
    ];
    let end = run(home, &url, &ls, &[("PREAU_CA", text(&authority))]).await?;
    assert_eq!(end.code, Some(FAILED), "{end:#?}");
    assert!(end.error_line().contains("does not speak TLS"), "{end:#?}");

    let missing = home.join("missing.pem");
    let [ca, system] = ["PREAU_CA", "SSL_CERT_FILE"];
    for (variable, file, named) in [
        (ca, &secret, "no certificate in it"),
        (ca, &missing, "missing.pem"),
        (system, &missing, "missing.pem"),
    ] {
        let end = run(home, &url, &ls, &[(variable, text(file))]).await?;
        assert_eq!(end.code, Some(USAGE), "{end:#?}");
        assert!(end.error_line().contains(named), "{end:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_demonstration_is_made_through_a_gateway_with_any_certificate() -> anyhow::Result<()> {
    let authority = Authority::new()?;
    let builder = PlatformBuilder::empty()?.demo();
    let ca = authority.write(builder.root())?;
    // Neither its name nor its authority means anything on this machine.
    let platform = authority
        .issue(builder, &names(&["ent.example.fr"])?)?
        .start()
        .await?;
    let [class, _] = platform.classes();
    let pupil = platform.account(AccountRole::Student, Some(&class))?;
    let secret = platform.root().join("secret");
    std::fs::write(&secret, &pupil.password)?;
    let login = ["login", "--login", &pupil.login, "--ca", text(&ca)];
    let login = [&login, ["--password-file", text(&secret)].as_slice()].concat();
    // Only the process itself is so easily satisfied.
    let end = run(platform.root(), platform.gateway(), &login, &[]).await?;
    assert!(end.error_line().contains("ent.example.fr"), "{end:#?}");
    Ok(())
}
