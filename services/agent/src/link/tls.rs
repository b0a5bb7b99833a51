//! The handshake with a server, and what its failures mean to a person at a terminal.

use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, ClientConfig, Error, OtherError};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::Status;

use super::refusal;

/// Whatever is wrong with a certificate stays wrong: such a status is not tried again.
const CERTIFICATE: &str = "SERVER_CERTIFICATE";
const PROTOCOL: &str = "SERVER_PROTOCOL";
const NO_HTTP2: &str = "what answers there does not speak HTTP/2 over TLS";
const NO_HTTP2_REMEDY: &str = "check the address; a proxy before the gateway must pass TLS through, or speak HTTP/2 on both sides";

/// TLS towards whoever can prove to be `host`. Which protocol was agreed on stands in the connection.
///
/// # Errors
/// Final ones, as [`refusal`] words them; UNAVAILABLE for a handshake that broke off.
pub(super) async fn handshake(
    stream: TcpStream,
    host: &str,
    config: &Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, Status> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        let message = "no certificate can be issued for such a host";
        refusal(CERTIFICATE, message, "write the server's name in --server")
    })?;
    TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
        .map_err(|error| problem(host, &error))
}

/// Of a server that agreed on another protocol.
pub(super) fn no_http2() -> Status {
    refusal(PROTOCOL, NO_HTTP2, NO_HTTP2_REMEDY)
}

fn problem(host: &str, error: &io::Error) -> Status {
    let cause = error
        .get_ref()
        .and_then(|source| source.downcast_ref::<Error>());
    match cause {
        Some(Error::InvalidCertificate(error)) => certificate(host, error),
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            refusal(PROTOCOL, NO_HTTP2, NO_HTTP2_REMEDY)
        }
        Some(Error::InvalidMessage(_)) => refusal(
            PROTOCOL,
            "what answers there does not speak TLS",
            "check the port; a gateway without a certificate is reached on its own machine, by http://",
        ),
        Some(error) => refusal(
            PROTOCOL,
            format!("no TLS connection can be agreed on ({error})"),
            "look into the server's log; TLS 1.3 or 1.2 is needed",
        ),
        None => Status::unavailable(format!("the TLS handshake broke off ({error})")),
    }
}

fn certificate(host: &str, error: &CertificateError) -> Status {
    use CertificateError as E;
    let clock = "have whoever runs the server renew it, and check the clock of this machine";
    let (message, remedy) = match error {
        // Signed by another of the same name, it is as unknown.
        E::UnknownIssuer | E::BadSignature => (
            "the server's certificate is from no authority that is known here".to_owned(),
            "name the school's own authority with --ca FILE or PREAU_CA, a file that you have from somebody you trust",
        ),
        E::NotValidForName => (
            format!("the server's certificate is not for {host}"),
            "write a name that it is for in --server",
        ),
        E::NotValidForNameContext { presented, .. } => (
            format!(
                "the server's certificate is for {}, not for {host}",
                names(presented)
            ),
            "write a name that it is for in --server, or have one issued for this name",
        ),
        E::Expired | E::ExpiredContext { .. } => {
            ("the server's certificate has expired".to_owned(), clock)
        }
        E::NotValidYet | E::NotValidYetContext { .. } => (
            "the server's certificate is not valid yet".to_owned(),
            clock,
        ),
        // What `openssl req -x509` makes unless told otherwise.
        E::Other(OtherError(why)) if is_authority(&**why) => (
            "the server's certificate is an authority's own, and none that was issued for a server"
                .to_owned(),
            "issue one for the server; where it vouches for itself, with basicConstraints=CA:FALSE",
        ),
        other => (
            format!("the server's certificate cannot be accepted ({other})"),
            "have whoever runs the server get one that an authority issued for it",
        ),
    };
    refusal(CERTIFICATE, message, remedy)
}

fn is_authority(why: &(dyn std::error::Error + 'static)) -> bool {
    matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Comes as `DnsName("ent.example.fr")` or `IpAddress(192.0.2.7)`.
fn names(presented: &[String]) -> String {
    /// One may be for hundreds of names.
    const SHOWN: usize = 5;
    let name = |presented: &String| {
        let inner = presented
            .split_once('(')
            .map_or(&**presented, |(_, rest)| rest);
        inner.trim_end_matches(')').trim_matches('"').to_owned()
    };
    let shown: Vec<String> = presented.iter().take(SHOWN).map(name).collect();
    match presented.len() {
        0 => "nobody".to_owned(),
        count if count > SHOWN => format!("{} and {} more", shown.join(", "), count - SHOWN),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::AgentError;
    use tonic::Code;

    fn line(error: Error) -> String {
        let status = problem("ent.fr", &io::Error::new(io::ErrorKind::InvalidData, error));
        let error = AgentError::call("cannot sign in", "https://ent.fr", status);
        format!("{error}: {}", error.remedy())
    }

    #[test]
    fn each_fault_of_a_certificate_has_its_words_and_its_remedy() {
        let presented = ["DnsName(\"lycee.fr\")", "IpAddress(192.0.2.7)"].map(str::to_owned);
        let expected = ServerName::try_from("ent.fr").expect("a name");
        let other_name = CertificateError::NotValidForNameContext {
            expected,
            presented: presented.into(),
        };
        for (error, words, remedy) in [
            (
                CertificateError::UnknownIssuer,
                "from no authority",
                "--ca FILE",
            ),
            (
                other_name,
                "for lycee.fr, 192.0.2.7, not for ent.fr",
                "--server",
            ),
            (CertificateError::Expired, "has expired", "renew it"),
            (CertificateError::NotValidYet, "not valid yet", "clock"),
            (
                CertificateError::BadSignature,
                "from no authority",
                "--ca FILE",
            ),
            (
                CertificateError::InvalidPurpose,
                "cannot be accepted",
                "an authority issued",
            ),
        ] {
            let line = line(error.into());
            assert!(line.contains(words) && line.contains(remedy), "{line}");
        }
    }

    #[test]
    fn a_certificate_for_many_names_does_not_fill_the_screen() {
        let many: Vec<String> = (0..9).map(|n| format!("DnsName(\"e{n}.fr\")")).collect();
        assert_eq!(names(&many), "e0.fr, e1.fr, e2.fr, e3.fr, e4.fr and 4 more");
        assert_eq!(names(&[]), "nobody");
    }

    #[test]
    fn a_bad_certificate_stays_bad_and_a_broken_handshake_may_work_again() {
        let error = |kind, source: Error| problem("ent.fr", &io::Error::new(kind, source));
        let expired = error(io::ErrorKind::InvalidData, CertificateError::Expired.into());
        let broken = problem("ent.fr", &io::ErrorKind::UnexpectedEof.into());
        assert_eq!(expired.code(), Code::FailedPrecondition);
        assert_eq!(broken.code(), Code::Unavailable);
    }
}
