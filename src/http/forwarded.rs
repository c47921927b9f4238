//! Who asks, when a proxy passes it on: `X-Forwarded-For`, as far as it can be believed.
//!
//! Each proxy appends the address that it was asked from, so only what trusted proxies have written
//! counts: the end of the list. What stands left of that, the client may have sent itself, to
//! escape throttling or to appear elsewhere in the list of sessions. `X-Forwarded-Host` and
//! `-Proto` are read nowhere: endpoints come from the issuer.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;

/// The proxies whose word is taken.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// These networks. None: no header is believed.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of whoever asks: the first from the right that is no trusted proxy. Entries that
    /// cannot be read end the walk at the last good one. `lines` are the values of the header in
    /// their order.
    pub(super) fn client<'a>(
        &self,
        peer: IpAddr,
        lines: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let mut client = peer.to_canonical();
        for entry in lines
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','))
        {
            if !self.trust(client) {
                break;
            }
            let Some(before) = address(entry) else {
                break;
            };
            client = before;
        }
        client
    }
}

/// One entry: an address, or an address and a port, as some proxies write.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_ascii();
    let bare = |text: &str| text.parse::<IpAddr>().ok();
    let in_brackets = |text: &str| {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    };
    let with_port = |text: &str| text.parse::<SocketAddr>().ok().map(|both| both.ip());
    let found = bare(text)
        .or_else(|| in_brackets(text))
        .or_else(|| with_port(text))?
        .to_canonical();
    (!found.is_unspecified()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let networks = trusted.iter().map(|text| text.parse().unwrap());
        let lines = lines.iter().map(|line| line.as_bytes());
        let trusted = TrustedProxies::new(networks);
        trusted.client(peer.parse().unwrap(), lines).to_string()
    }

    const OURS: &[&str] = &["10.0.0.0/8", "fd00::/8"];

    #[test]
    fn nobody_is_believed_unless_trusted() {
        for peer in ["203.0.113.9", "2001:db8::9", "11.0.0.1"] {
            assert_eq!(client(OURS, peer, &["198.51.100.1"]), peer);
        }
        assert_eq!(client(&[], "127.0.0.1", &["198.51.100.1"]), "127.0.0.1");
    }

    #[test]
    fn a_trusted_peer_passes_on_whom_it_saw() {
        for (lines, expected) in [
            (&[][..], "10.0.0.1"),
            (&["198.51.100.1"], "198.51.100.1"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            (&[" 198.51.100.1\t"], "198.51.100.1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            (&["[::ffff:198.51.100.1]:80"], "198.51.100.1"),
        ] {
            assert_eq!(client(OURS, "10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_the_client_wrote_itself_is_passed_over() {
        for lines in [
            &["1.1.1.1, 198.51.100.1"][..],
            &["1.1.1.1", "198.51.100.1"],
            &["10.9.9.9, 1.1.1.1, 198.51.100.1, 10.0.0.2"],
            &["1.1.1.1, 198.51.100.1", "10.0.0.3,10.0.0.2"],
            &["nonsense, 198.51.100.1, fd00::7"],
        ] {
            assert_eq!(client(OURS, "10.0.0.1", lines), "198.51.100.1", "{lines:?}");
        }
    }

    #[test]
    fn garbage_ends_the_walk_at_the_last_good_address() {
        for garbage in [
            "",
            "unknown",
            "_hidden",
            "198.51.100.1.",
            "198.51.100.256",
            "198.51.100.1:",
            "198.51.100.1:99999",
            "[198.51.100.1]",
            "[2001:db8::1",
            "fe80::1%eth0",
            "0.0.0.0",
            "::",
            "for=198.51.100.1",
            "\"198.51.100.1\"",
            "１９８.51.100.1",
        ] {
            let lines = [format!("1.1.1.1, {garbage}, 10.0.0.2")];
            assert_eq!(client(OURS, "10.0.0.1", &[&lines[0]]), "10.0.0.2");
        }
        let bytes: [&[u8]; 1] = [b"1.1.1.1, \xff\xfe"];
        let trusted = TrustedProxies::new(["10.0.0.0/8".parse().unwrap()]);
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(trusted.client(peer, bytes.into_iter()), peer);
    }

    #[test]
    fn a_mapped_peer_is_an_ipv4_address() {
        let found = client(OURS, "::ffff:10.0.0.1", &["198.51.100.1"]);
        assert_eq!(found, "198.51.100.1");
        assert_eq!(client(OURS, "::ffff:11.0.0.1", &["1.1.1.1"]), "11.0.0.1");
    }

    #[test]
    fn if_all_are_trusted_it_is_the_first() {
        let lines = ["10.0.0.4, 10.0.0.3", "10.0.0.2"];
        assert_eq!(client(OURS, "10.0.0.1", &lines), "10.0.0.4");
    }

    #[test]
    fn a_thousand_entries() {
        let ours = vec!["10.0.0.2"; 1_000].join(",");
        let line = format!("1.1.1.1, 198.51.100.1,{ours}");
        assert_eq!(client(OURS, "10.0.0.1", &[&line]), "198.51.100.1");
        let spoofed = vec!["1.1.1.1"; 1_000].join(", ");
        let line = format!("{spoofed}, 198.51.100.1");
        assert_eq!(client(OURS, "10.0.0.1", &[&line]), "198.51.100.1");
    }
}
