//! Who is at the other end of a connection, and whom a proxy in front says it is.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use http::{Extensions, HeaderMap, HeaderName};

use crate::credential::DeviceCertificate;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What the connection itself says; in the extensions of each of its requests.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Whether it is one of TLS.
    pub(crate) tls: bool,
    /// The certificate with which it was opened. Only the handshake says so, no header ever does.
    pub(crate) device: Option<Arc<DeviceCertificate>>,
}

/// Who sends a request, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) address: IpAddr,
    /// Whether the browser's own connection is one of TLS.
    pub(crate) secure: bool,
}

/// Addresses that share a prefix: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text is no network. Whoever configures it has to correct it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no network: {0}: write an IP address, or one with a prefix such as 10.0.0.0/8")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| wrong())?,
            None => most,
        };
        if prefix > most {
            return Err(wrong());
        }
        Ok(Self { address, prefix })
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differ = ours.to_bits() ^ theirs.to_bits();
                differ.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differ = ours.to_bits() ^ theirs.to_bits();
                differ.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// The proxies in front that are believed.
pub(crate) struct Proxies(Vec<Network>);

impl Proxies {
    pub(crate) fn new(trusted: Vec<Network>) -> Self {
        Self(trusted)
    }

    /// Who sends this request. Only a trusted proxy is asked on whose behalf it speaks, and only its own word is taken:
    /// the last hop of `x-forwarded-for`, because whatever stands before it may have come from outside. Without a
    /// peer (which no connection of ours lacks) nobody is secure and all share one address.
    pub(crate) fn visitor(&self, headers: &HeaderMap, extensions: &Extensions) -> Visitor {
        let peer = extensions.get::<Peer>();
        let unknown = IpAddr::from([0, 0, 0, 0]);
        let address = peer.map_or(unknown, |peer| peer.address.to_canonical());
        let tls = peer.is_some_and(|peer| peer.tls);
        if !self.0.iter().any(|network| network.contains(address)) {
            return Visitor {
                address,
                secure: tls,
            };
        }
        Visitor {
            address: last(headers, &FORWARDED_FOR)
                .and_then(|hop| hop.parse::<IpAddr>().ok())
                .map_or(address, |address| address.to_canonical()),
            secure: tls || last(headers, &FORWARDED_PROTO) == Some("https"),
        }
    }
}

/// The last element of a comma-separated header, wherever it was split.
fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(trusted: &[&str], peer: &str, forwarded: &[(&'static str, &str)]) -> Visitor {
        let networks = trusted.iter().map(|text| text.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for (name, value) in forwarded {
            headers.append(*name, value.parse().expect("a header"));
        }
        let mut extensions = Extensions::new();
        extensions.insert(Peer {
            address: peer.parse().expect("an address"),
            tls: false,
            device: None,
        });
        Proxies::new(networks.collect()).visitor(&headers, &extensions)
    }

    #[test]
    fn nobody_untrusted_is_believed() {
        let forged = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
        ];
        for trusted in [&[][..], &["10.0.0.2"], &["10.0.0.0/31"], &["::/0"]] {
            let seen = visitor(trusted, "10.0.0.3", &forged);
            assert_eq!(seen.address.to_string(), "10.0.0.3", "{trusted:?}");
            assert!(!seen.secure);
        }
    }

    #[test]
    fn a_trusted_proxy_is_believed_for_its_own_hop_only() {
        let said = [
            ("x-forwarded-for", "198.51.100.1, 192.0.2.7"),
            ("x-forwarded-for", "203.0.113.9 , 192.0.2.8"),
            ("x-forwarded-proto", "https"),
        ];
        for trusted in ["10.0.0.3", "10.0.0.0/8", "0.0.0.0/0"] {
            let seen = visitor(&[trusted], "10.0.0.3", &said);
            assert_eq!(seen.address.to_string(), "192.0.2.8", "{trusted}");
            assert!(seen.secure);
        }
        let seen = visitor(&["10.0.0.0/8"], "::ffff:10.0.0.3", &said);
        assert_eq!(
            seen.address.to_string(),
            "192.0.2.8",
            "an IPv4 address in IPv6's clothes"
        );
    }

    #[test]
    fn a_hop_that_is_no_address_leaves_the_proxys_own() {
        for hop in ["unknown", "", "192.0.2.8:443"] {
            let seen = visitor(&["10.0.0.3"], "10.0.0.3", &[("x-forwarded-for", hop)]);
            assert_eq!(seen.address.to_string(), "10.0.0.3", "{hop}");
        }
    }

    #[test]
    fn texts_that_are_no_networks_are_named() {
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "a/8",
            "10.0.0.0/-1",
        ] {
            let error = text.parse::<Network>().expect_err(text);
            assert!(error.to_string().contains(text));
        }
    }
}
