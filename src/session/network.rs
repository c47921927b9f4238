//! Networks by which sessions are found, and in which they were seen. A session keeps a coarse
//! address (an IPv4 /24, an IPv6 /48) and is found by that and by two wider networks around it; a
//! range of another size is so many of these.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::entropy::sha256;

/// The sizes by which sessions are found: the first that is not wider than a range is asked for.
const V4_SIZES: [u8; 3] = [8, 16, 24];
const V6_SIZES: [u8; 3] = [16, 32, 48];
/// At most so many networks for one range.
const MOST: u32 = 256;

/// Of a session that wanders, only the latest are known.
const KNOWN: usize = 4;

/// The networks in which a session was seen of late, by short marks: enough to tell a new one, and
/// no list of whereabouts. Several, as a browser may take turns between IPv4 and IPv6.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Networks(Vec<u32>);

impl Networks {
    /// Of a session that was seen in this one.
    pub fn of(coarse: &str) -> Self {
        Self(vec![mark(coarse)])
    }

    /// Whether the session was not seen there of late. Where nothing is known, nothing is new.
    pub fn is_new(&self, coarse: &str) -> bool {
        !self.0.is_empty() && !self.0.contains(&mark(coarse))
    }

    /// With one more; the oldest may give way.
    #[must_use]
    pub fn with(mut self, coarse: &str) -> Self {
        if self.is_new(coarse) {
            self.0.push(mark(coarse));
        }
        let over = self.0.len().saturating_sub(KNOWN);
        self.0.drain(..over);
        self
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn mark(coarse: &str) -> u32 {
    let [a, b, c, d, ..] = sha256(coarse.as_bytes());
    u32::from_be_bytes([a, b, c, d])
}

/// What somebody typed, read as an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// It is not one.
    NotAnAddress,
    /// It is in, or is made of, these networks.
    Networks(Vec<String>),
    /// A range of so many networks that nobody wants to look through them one by one.
    TooWide,
}

/// The networks by which a coarse address is found, from the widest to itself. None if it is not
/// an address.
pub fn around(coarse: &str) -> Vec<String> {
    let Ok(net) = coarse.parse::<IpNet>() else {
        return Vec::new();
    };
    let wider = |size: &&u8| **size <= net.prefix_len();
    let cut = |size: &u8| IpNet::new(net.addr(), *size).ok();
    sizes(net)
        .iter()
        .filter(wider)
        .filter_map(cut)
        .map(|net| net.trunc().to_string())
        .collect()
}

/// Reads an address, the first numbers of one (`192.0.2`, `2001:db8`), or a range (`10.0.0.0/8`).
pub fn typed(text: &str) -> Typed {
    let text = text.trim();
    let net = if text.contains('/') {
        text.parse().ok()
    } else {
        let address = text.parse().ok().map(|a: IpAddr| a.to_canonical().into());
        address.or_else(|| v4_beginning(text).or_else(|| v6_beginning(text)))
    };
    net.map_or(Typed::NotAnAddress, spread)
}

/// The networks that a range is made of, or the one that it lies in.
fn spread(net: IpNet) -> Typed {
    let size = sizes(net)
        .into_iter()
        .find(|size| *size >= net.prefix_len());
    let Some(size) = size else {
        let [_, _, finest] = sizes(net);
        let around = IpNet::new(net.addr(), finest).map(|net| net.trunc().to_string());
        return Typed::Networks(around.into_iter().collect());
    };
    if 1_u32.checked_shl(u32::from(size - net.prefix_len())) > Some(MOST) {
        return Typed::TooWide;
    }
    match net.trunc().subnets(size) {
        Ok(parts) => Typed::Networks(parts.map(|part| part.to_string()).collect()),
        Err(_) => Typed::NotAnAddress,
    }
}

const fn sizes(net: IpNet) -> [u8; 3] {
    match net {
        IpNet::V4(_) => V4_SIZES,
        IpNet::V6(_) => V6_SIZES,
    }
}

/// `192.0.2`, `192.0.`, `10.`; a number alone is more likely somebody's name.
fn v4_beginning(text: &str) -> Option<IpNet> {
    if !text.contains('.') {
        return None;
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    let numbers: Vec<u8> = text
        .split('.')
        .map(|number| {
            let plain = number.bytes().all(|digit| digit.is_ascii_digit());
            number.parse().ok().filter(|_| plain)
        })
        .collect::<Option<_>>()?;
    let size = u8::try_from(numbers.len())
        .ok()
        .filter(|count| *count <= 3)?
        * 8;
    let mut octets = [0; 4];
    octets
        .iter_mut()
        .zip(numbers)
        .for_each(|(to, from)| *to = from);
    Ipv4Net::new(Ipv4Addr::from(octets), size)
        .ok()
        .map(IpNet::V4)
}

/// `2001:db8`, `2001:db8:1:`.
fn v6_beginning(text: &str) -> Option<IpNet> {
    if !text.contains(':') {
        return None;
    }
    let text = text.strip_suffix(':').unwrap_or(text);
    let numbers: Vec<u16> = text
        .split(':')
        .map(|number| {
            let plain = number.len() <= 4 && number.bytes().all(|digit| digit.is_ascii_hexdigit());
            u16::from_str_radix(number, 16).ok().filter(|_| plain)
        })
        .collect::<Option<_>>()?;
    let size = u8::try_from(numbers.len())
        .ok()
        .filter(|count| *count <= 3)?
        * 16;
    let mut segments = [0; 8];
    segments
        .iter_mut()
        .zip(numbers)
        .for_each(|(to, from)| *to = from);
    Ipv6Net::new(Ipv6Addr::from(segments), size)
        .ok()
        .map(IpNet::V6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_new_once_and_the_latest_four_are_known() {
        let home = Networks::of("192.0.2.0/24");
        assert!(!home.is_new("192.0.2.0/24"));
        assert!(home.is_new("198.51.100.0/24"));
        let both = home.with("198.51.100.0/24");
        for known in ["192.0.2.0/24", "198.51.100.0/24"] {
            assert!(!both.is_new(known), "{known}");
            assert_eq!(both.clone().with(known), both, "{known}");
        }
        let far = ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"];
        let far = far.iter().fold(both, |known, coarse| known.with(coarse));
        assert!(far.is_new("192.0.2.0/24"));
        assert!(!far.is_new("198.51.100.0/24"));
        assert!(!Networks::default().is_new("192.0.2.0/24"));
    }

    #[test]
    fn a_coarse_address_is_found_by_three_networks() {
        for (coarse, expected) in [
            (
                "192.0.2.0/24",
                vec!["192.0.0.0/8", "192.0.0.0/16", "192.0.2.0/24"],
            ),
            (
                "2001:db8:1::/48",
                vec!["2001::/16", "2001:db8::/32", "2001:db8:1::/48"],
            ),
            ("192.0.2.7", vec![]),
            ("somewhere", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(around(coarse), expected, "{coarse}");
        }
    }

    #[test]
    fn addresses_beginnings_and_ranges_are_read() {
        for (text, expected) in [
            ("192.0.2.7", "192.0.2.0/24"),
            (" ::ffff:192.0.2.7 ", "192.0.2.0/24"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.7/32", "192.0.2.0/24"),
            ("192.0.2", "192.0.2.0/24"),
            ("192.0.", "192.0.0.0/16"),
            ("10.", "10.0.0.0/8"),
            ("2001:db8:1:2::7", "2001:db8:1::/48"),
            ("2001:db8:1::/48", "2001:db8:1::/48"),
            ("2001:db8:1:", "2001:db8:1::/48"),
            ("2001:db8", "2001:db8::/32"),
        ] {
            let found = typed(text);
            assert_eq!(found, Typed::Networks(vec![expected.to_owned()]), "{text}");
        }
        for text in [
            "",
            "10",
            "alice",
            "1.2.3.4.5",
            "1..2",
            "+1.2",
            "256.1",
            "g:1",
            ":",
            ".",
            "10.0.0.0/33",
            "1.2.3%",
            "'.'",
            "2001:db8:1:2",
            "\0.1",
        ] {
            assert_eq!(typed(text), Typed::NotAnAddress, "{text}");
        }
    }

    #[test]
    fn a_range_is_so_many_networks() {
        let count = |text| match typed(text) {
            Typed::Networks(nets) => nets.len(),
            other => panic!("{text}: {other:?}"),
        };
        for (text, expected) in [
            ("0.0.0.0/0", 256),
            ("10.0.0.0/8", 1),
            ("10.0.0.0/9", 128),
            ("10.1.0.0/20", 16),
            ("2001:db8::/29", 8),
            ("2001:db8::/40", 256),
        ] {
            assert_eq!(count(text), expected, "{text}");
        }
        for text in ["2000::/3", "2001:db8::/36", "::/0"] {
            assert_eq!(typed(text), Typed::TooWide, "{text}");
        }
    }
}
