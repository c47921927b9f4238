//! The address guard: which addresses a message may be sent to. Pure.
//!
//! A logout URI is an address that somebody else chose and that this server posts to from inside
//! the operator's network (server-side request forgery). So what an address *is* is decided first,
//! whatever notation hides it, and then whether the one who chose it may choose that.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::protocol::client::RegisteredBy;

/// How far the chooser of an address is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// An administrator or the configuration file: also private networks and this machine.
    Administered,
    /// The client itself (RFC 7591): the public internet only, over https only.
    SelfRegistered,
}

impl From<RegisteredBy> for Trust {
    fn from(by: RegisteredBy) -> Self {
        match by {
            RegisteredBy::Administrator | RegisteredBy::File => Self::Administered,
            RegisteredBy::Itself | RegisteredBy::MetadataDocument => Self::SelfRegistered,
        }
    }
}

/// What an address is (IANA special-purpose registries, RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// One machine on the public internet.
    Global,
    /// Private and shared networks (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// This machine.
    Loopback,
    /// This network segment (RFC 3927, RFC 4291, 2.5.6); where clouds keep their metadata.
    LinkLocal,
    /// A cloud's metadata service elsewhere: it hands out the machine's credentials.
    Metadata,
    /// Many machines.
    Multicast,
    /// None, or "this network".
    Unspecified,
    /// All machines.
    Broadcast,
    /// Documentation, benchmarks, tunnels, not yet assigned.
    Reserved,
}

impl fmt::Display for AddressKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "public",
            Self::Private => "private",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Metadata => "a metadata service",
            Self::Multicast => "multicast",
            Self::Unspecified => "unspecified",
            Self::Broadcast => "broadcast",
            Self::Reserved => "reserved",
        })
    }
}

/// Whether an address may be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Allowed,
    /// It may not, for what it is.
    Refused(AddressKind),
    /// Others like it may; the operator did not name this one.
    NotListed(AddressKind),
}

/// The private and loopback addresses that an administrator's clients may live at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    /// Networks, of IPv4 as such.
    pub networks: Vec<IpNet>,
    /// Names of hosts, wherever they lead; not the names under them.
    pub hosts: Vec<String>,
}

impl AllowList {
    /// Whether neither network nor host is named.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.hosts.is_empty()
    }

    fn names(&self, host: Option<&str>, address: IpAddr) -> bool {
        let bare = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let by_name = host.map(bare).is_some_and(|host| {
            let mut hosts = self.hosts.iter();
            hosts.any(|listed| bare(listed) == host)
        });
        let address = match address {
            IpAddr::V6(v6) => wrapped_v4(v6).map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        by_name
            || self
                .networks
                .iter()
                .any(|network| network.contains(&address))
    }
}

/// What the messages of one sort of clients may be sent to.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Who chose the address.
    pub trust: Trust,
    /// Where an administrator may point within private networks and at this machine; empty:
    /// anywhere there.
    pub allowed: Arc<AllowList>,
}

impl Guard {
    /// Judges an address, and the name that led to it if there was one.
    pub fn judge(&self, host: Option<&str>, address: IpAddr) -> Verdict {
        let kind = kind_of(address);
        match kind {
            AddressKind::Global => Verdict::Allowed,
            AddressKind::Private | AddressKind::Loopback => match self.trust {
                Trust::SelfRegistered => Verdict::Refused(kind),
                Trust::Administered
                    if self.allowed.is_empty() || self.allowed.names(host, address) =>
                {
                    Verdict::Allowed
                }
                Trust::Administered => Verdict::NotListed(kind),
            },
            AddressKind::LinkLocal
            | AddressKind::Metadata
            | AddressKind::Multicast
            | AddressKind::Unspecified
            | AddressKind::Broadcast
            | AddressKind::Reserved => Verdict::Refused(kind),
        }
    }
}

/// What an address is, notations that wrap an IPv4 address taken off.
pub fn kind_of(address: IpAddr) -> AddressKind {
    match address {
        IpAddr::V4(v4) => kind_of_v4(v4),
        IpAddr::V6(v6) => wrapped_v4(v6).map_or_else(|| kind_of_v6(v6), kind_of_v4),
    }
}

/// The IPv4 address inside an IPv6 one: `::ffff:0:0/96` mapped and `::/96` compatible (RFC 4291,
/// 2.5.5), `::ffff:0:0:0/96` translated (RFC 2765), `64:ff9b::/96` (RFC 6052), `2002::/16`
/// (RFC 3056).
fn wrapped_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if address == Ipv6Addr::UNSPECIFIED || address == Ipv6Addr::LOCALHOST {
        return None;
    }
    let pair = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => None,
    }
}

/// Oracle, Azure and Alibaba keep theirs outside of 169.254.0.0/16.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
];

fn kind_of_v4(address: Ipv4Addr) -> AddressKind {
    if METADATA_V4.contains(&address) {
        return AddressKind::Metadata;
    }
    match address.octets() {
        [0, ..] => AddressKind::Unspecified,
        [127, ..] => AddressKind::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => {
            AddressKind::Private
        }
        [169, 254, ..] => AddressKind::LinkLocal,
        [224..=239, ..] => AddressKind::Multicast,
        [255, 255, 255, 255] => AddressKind::Broadcast,
        // Protocol assignments, documentation, the old 6to4 relays, benchmarks, class E.
        [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => AddressKind::Reserved,
        _ => AddressKind::Global,
    }
}

fn kind_of_v6(address: Ipv6Addr) -> AddressKind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressKind::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressKind::Loopback,
        // Amazon (fd00:ec2::254 and its neighbours), Google, Scaleway.
        [0xfd00, 0x0ec2, ..]
        | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254]
        | [0xfd00, 0x0042, 0, 0, 0, 0, 0, 0x0042] => AddressKind::Metadata,
        [0xfc00..=0xfdff, ..] => AddressKind::Private,
        [0xfe80..=0xfebf, ..] => AddressKind::LinkLocal,
        [0xff00..=0xffff, ..] => AddressKind::Multicast,
        // Inside of 2000::/3: protocol assignments with Teredo, documentation.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressKind::Reserved,
        [0x2000..=0x3fff, ..] => AddressKind::Global,
        // All else is not assigned as global unicast: site-local, local NAT64, discard-only.
        _ => AddressKind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AddressKind::{
        Broadcast, Global, LinkLocal, Loopback, Metadata, Multicast, Private, Reserved, Unspecified,
    };

    const TABLE: &[(&str, AddressKind)] = &[
        ("0.0.0.0", Unspecified),
        ("0.1.2.3", Unspecified),
        ("9.255.255.255", Global),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("11.0.0.0", Global),
        ("100.63.255.255", Global),
        ("100.64.0.1", Private),
        ("100.100.100.199", Private),
        ("100.100.100.200", Metadata),
        ("100.127.255.255", Private),
        ("100.128.0.0", Global),
        ("126.255.255.255", Global),
        ("127.0.0.1", Loopback),
        ("127.255.255.254", Loopback),
        ("128.0.0.1", Global),
        ("168.63.129.16", Metadata),
        ("169.253.255.255", Global),
        ("169.254.0.1", LinkLocal),
        ("169.254.169.254", LinkLocal),
        ("169.254.170.2", LinkLocal),
        ("169.255.0.0", Global),
        ("172.15.255.255", Global),
        ("172.16.0.1", Private),
        ("172.31.255.255", Private),
        ("172.32.0.0", Global),
        ("192.0.0.8", Reserved),
        ("192.0.0.192", Metadata),
        ("192.0.2.1", Reserved),
        ("192.88.99.1", Reserved),
        ("192.167.255.255", Global),
        ("192.168.0.1", Private),
        ("192.169.0.0", Global),
        ("198.17.255.255", Global),
        ("198.18.0.1", Reserved),
        ("198.19.255.255", Reserved),
        ("198.20.0.0", Global),
        ("198.51.100.7", Reserved),
        ("203.0.113.7", Reserved),
        ("223.255.255.255", Global),
        ("224.0.0.1", Multicast),
        ("239.255.255.255", Multicast),
        ("240.0.0.1", Reserved),
        ("255.255.255.254", Reserved),
        ("255.255.255.255", Broadcast),
        ("::", Unspecified),
        ("::1", Loopback),
        // IPv4 inside: compatible, mapped, translated, NAT64, 6to4.
        ("::2", Unspecified),
        ("::127.0.0.1", Loopback),
        ("::8.8.8.8", Global),
        ("::ffff:0.0.0.0", Unspecified),
        ("::ffff:127.0.0.1", Loopback),
        ("::ffff:10.1.2.3", Private),
        ("::ffff:169.254.169.254", LinkLocal),
        ("::ffff:100.100.100.200", Metadata),
        ("::ffff:255.255.255.255", Broadcast),
        ("::ffff:8.8.8.8", Global),
        ("::ffff:0:169.254.169.254", LinkLocal),
        ("64:ff9b::169.254.169.254", LinkLocal),
        ("64:ff9b::192.168.1.1", Private),
        ("64:ff9b::8.8.8.8", Global),
        ("2002:a9fe:a9fe::1", LinkLocal),
        ("2002:7f00:1::", Loopback),
        ("2002:e000:1::", Multicast),
        ("2002:808:808::1", Global),
        // NAT64 under a network's own prefix hides what it wraps; so does Teredo.
        ("64:ff9b:1::a9fe:a9fe", Reserved),
        ("2001::1", Reserved),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Reserved),
        ("100::1", Reserved),
        ("2001:1ff::1", Reserved),
        ("2001:200::1", Global),
        ("2001:db7:ffff::1", Global),
        ("2001:db8::1", Reserved),
        ("2001:db9::1", Global),
        ("2606:4700::1111", Global),
        ("3ffe::1", Global),
        ("3fff:0fff::1", Reserved),
        ("3fff:1000::1", Global),
        ("4000::1", Reserved),
        ("1fff::1", Reserved),
        ("5f00::1", Reserved),
        ("fbff::1", Reserved),
        ("fc00::1", Private),
        ("fd00:ec1::254", Private),
        ("fd00:ec2::254", Metadata),
        ("fd00:ec2::23", Metadata),
        ("fd00:42::42", Metadata),
        ("fd20:ce::254", Metadata),
        ("fdff:ffff::1", Private),
        ("fe00::1", Reserved),
        ("fe80::1", LinkLocal),
        ("fe80::a9fe:a9fe", LinkLocal),
        ("febf:ffff::1", LinkLocal),
        ("fec0::1", Reserved),
        ("ff02::1", Multicast),
    ];

    #[test]
    fn every_address_is_what_it_is_and_trust_decides() {
        for (text, kind) in TABLE {
            let address = text.parse().unwrap();
            assert_eq!(kind_of(address), *kind, "{text}");
            let refused = Verdict::Refused(*kind);
            let (administered, itself) = match kind {
                Global => (Verdict::Allowed, Verdict::Allowed),
                Private | Loopback => (Verdict::Allowed, refused),
                _ => (refused, refused),
            };
            let judged = |trust| guard(trust, &[], &[]).judge(None, address);
            assert_eq!(judged(Trust::Administered), administered, "{text}");
            assert_eq!(judged(Trust::SelfRegistered), itself, "{text}");
        }
    }

    fn guard(trust: Trust, networks: &[&str], hosts: &[&str]) -> Guard {
        let networks = networks.iter().map(|network| network.parse().unwrap());
        let hosts = hosts.iter().map(|host| (*host).to_owned());
        let allowed = AllowList {
            networks: networks.collect(),
            hosts: hosts.collect(),
        };
        Guard {
            trust,
            allowed: Arc::new(allowed),
        }
    }

    #[test]
    fn what_is_listed_is_all_that_is_private_and_allowed() {
        let networks = ["10.1.0.0/16", "127.0.0.1/32", "fd12::/16"];
        let guard = |trust| guard(trust, &networks, &["Wiki.Internal"]);
        let yes = Verdict::Allowed;
        let table = [
            (None, "10.1.2.3", yes),
            (None, "::ffff:10.1.2.3", yes),
            (None, "10.2.0.1", Verdict::NotListed(Private)),
            (None, "127.0.0.1", yes),
            (None, "127.0.0.2", Verdict::NotListed(Loopback)),
            (None, "::1", Verdict::NotListed(Loopback)),
            (None, "fd12:3::1", yes),
            (None, "fd13::1", Verdict::NotListed(Private)),
            (Some("wiki.internal."), "10.2.0.1", yes),
            (
                Some("a.wiki.internal"),
                "10.2.0.1",
                Verdict::NotListed(Private),
            ),
            (
                Some("xwiki.internal"),
                "10.2.0.1",
                Verdict::NotListed(Private),
            ),
            // A name opens private networks, nothing else.
            (
                Some("wiki.internal"),
                "169.254.169.254",
                Verdict::Refused(LinkLocal),
            ),
            (
                Some("wiki.internal"),
                "100.100.100.200",
                Verdict::Refused(Metadata),
            ),
            (Some("elsewhere.example"), "8.8.8.8", yes),
        ];
        for (host, address, verdict) in table {
            let address = address.parse().unwrap();
            let judged = guard(Trust::Administered).judge(host, address);
            assert_eq!(judged, verdict, "{host:?} {address}");
            let kind = kind_of(address);
            let itself = if kind == Global {
                yes
            } else {
                Verdict::Refused(kind)
            };
            let judged = guard(Trust::SelfRegistered).judge(host, address);
            assert_eq!(judged, itself, "{host:?} {address}");
        }
    }

    #[test]
    fn only_a_client_that_nobody_here_made_is_a_stranger() {
        assert_eq!(
            Trust::from(RegisteredBy::Administrator),
            Trust::Administered
        );
        assert_eq!(Trust::from(RegisteredBy::File), Trust::Administered);
        for by in [RegisteredBy::Itself, RegisteredBy::MetadataDocument] {
            assert_eq!(Trust::from(by), Trust::SelfRegistered);
        }
    }
}
