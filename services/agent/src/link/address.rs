//! Where a gateway is, read once: what is refused here is never dialled.

use std::net::IpAddr;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::error::AgentError;

/// `http://host:port` on this machine, or `https://host:port` anywhere.
#[derive(Clone, Debug)]
pub struct Address {
    scheme: Scheme,
    authority: Authority,
}

impl Address {
    /// Reads an address as somebody wrote it.
    ///
    /// # Errors
    /// [`AgentError::Address`]: one that is none, has a path or a user, or is in the clear and not on this machine.
    pub fn parse(url: &str) -> Result<Self, AgentError> {
        let wrong = |what: &'static str, remedy: &'static str| AgentError::Address {
            what,
            url: url.to_owned(),
            remedy,
        };
        let example = "write an address such as https://ent.example.fr or http://127.0.0.1:8080";
        let uri: Uri = url.parse().map_err(|_| wrong("no such address", example))?;
        let parts = uri.into_parts();
        let scheme = parts
            .scheme
            .filter(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
        let scheme = scheme.ok_or_else(|| {
            wrong(
                "the address begins with neither https:// nor http://",
                example,
            )
        })?;
        if parts.path_and_query.is_some_and(|path| path != "/") {
            return Err(wrong("an address of a gateway has no path", example));
        }
        let authority = parts
            .authority
            .filter(|authority| !authority.host().is_empty());
        let authority = authority.ok_or_else(|| wrong("no host in the address", example))?;
        if authority.as_str().contains('@') {
            let remedy = "leave out what is before the @, and use --login";
            return Err(wrong("an address of a gateway names no user", remedy));
        }
        if !is_port_or_none(&authority) {
            return Err(wrong("no such port", "write one of 1 to 65535"));
        }
        let address = Self { scheme, authority };
        if !address.is_secure() && !address.names_this_machine() {
            return Err(wrong(
                "without TLS, passwords and files would cross the network for all to read",
                "write https://, and give the gateway a certificate (gateway.tls_certificate); http:// is for 127.0.0.1, [::1] and localhost",
            ));
        }
        Ok(address)
    }

    /// Whether TLS is spoken there.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// As in the address, for requests.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Host and port as in the address, for requests.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host().trim_matches(['[', ']'])
    }

    /// The usual one of the scheme when none is written.
    #[must_use]
    pub fn port(&self) -> u16 {
        let usual = if self.is_secure() { 443 } else { 80 };
        self.authority.port_u16().unwrap_or(usual)
    }

    fn names_this_machine(&self) -> bool {
        match self.host().parse::<IpAddr>() {
            Ok(ip) => is_this_machine(ip),
            Err(_) => self.host().eq_ignore_ascii_case("localhost"),
        }
    }
}

/// What is written behind the host can be dialled; it would be taken for the usual port otherwise.
fn is_port_or_none(authority: &Authority) -> bool {
    authority.as_str() == authority.host() || authority.port_u16().is_some_and(|port| port != 0)
}

/// Also when IPv4 is written as IPv6.
pub(super) fn is_this_machine(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;

    #[test]
    fn https_leads_anywhere_and_http_to_this_machine() {
        for (url, host, port) in [
            ("https://ent.example.fr", "ent.example.fr", 443),
            ("https://192.0.2.7:8443/", "192.0.2.7", 8443),
            ("https://[2001:db8::7]:8443", "2001:db8::7", 8443),
            ("http://127.0.0.1:8080", "127.0.0.1", 8080),
            ("http://127.9.9.9", "127.9.9.9", 80),
            ("http://[::1]:8080", "::1", 8080),
            ("http://[::ffff:127.0.0.1]:8080", "::ffff:127.0.0.1", 8080),
            ("http://LocalHost:8080", "LocalHost", 8080),
        ] {
            let address = Address::parse(url).expect(url);
            assert_eq!((address.host(), address.port()), (host, port), "{url}");
        }
    }

    #[test]
    fn a_password_does_not_cross_a_network_in_the_clear() {
        for url in [
            "http://192.0.2.7:8080",
            "http://0.0.0.0:8080",
            "http://ent.example.fr",
            "http://localhost.example.fr",
            "http://127.0.0.1.example.fr",
            "http://[2001:db8::7]:8080",
            "http://[::ffff:192.0.2.7]:8080",
        ] {
            let error = Address::parse(url).expect_err(url);
            assert_eq!(error.fault(), Fault::Usage, "{url}");
            assert_eq!(error.place(), url);
            assert!(error.remedy().contains("write https://"), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in [
            "",
            "ent.example.fr:8443",
            "ftp://127.0.0.1",
            "https://",
            "https://:8443",
            "https://ent.example.fr/app",
            "https://ent.example.fr/?a",
            "https://ada:secret@ent.example.fr",
            "http://127.0.0.1@ent.example.fr",
            "http://127.0.0.1:65536",
            "https://ent.example.fr:0",
            "https://ent.example.fr:",
            "https://[2001:db8::7]:99999",
        ] {
            let error = Address::parse(url).expect_err(url);
            assert_eq!(error.fault(), Fault::Usage, "{url}");
        }
    }
}
