//! Names to addresses, past the guard. The connection is made to the very addresses judged here,
//! so a name cannot change between the check and the use (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{AddressKind, Trust, Verdict, judge_address};

/// Why the guard refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Where the name leads, or the address itself. Which address is not told: a client that
    /// registered itself would learn the network's layout from it.
    #[error("its address is {0}")]
    Address(AddressKind),
    /// Only an administrator may ask for messages in the clear.
    #[error("it is not https")]
    PlainHttp,
}

/// The resolver of one trust level.
#[derive(Clone, Copy, Debug)]
pub(super) struct GuardedResolver(pub(super) Trust);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self(trust) = *self;
        Box::pin(async move {
            let found = look_up(name.as_str()).await?;
            let allowed = guard(&found, trust)?;
            // Port 0 stands for the URL's own port.
            let sockets = allowed
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as Addrs)
        })
    }
}

async fn look_up(name: &str) -> std::io::Result<Vec<IpAddr>> {
    if is_localhost(name) {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let found = tokio::net::lookup_host((name, 0)).await?;
    Ok(found.map(|socket| socket.ip()).collect())
}

/// `localhost` and the names under it are this machine and never asked of DNS (RFC 6761, 6.3);
/// the system's resolver often does not know the latter.
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Leaves what is allowed; if nothing is, says why of the first.
fn guard(found: &[IpAddr], trust: Trust) -> Result<Vec<IpAddr>, Refusal> {
    let mut allowed = Vec::with_capacity(found.len());
    let mut refusal = None;
    for address in found {
        match judge_address(*address, trust) {
            Verdict::Allowed => allowed.push(*address),
            Verdict::Refused(kind) => refusal = refusal.or(Some(Refusal::Address(kind))),
        }
    }
    match refusal {
        Some(refusal) if allowed.is_empty() => Err(refusal),
        _ => Ok(allowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_what_the_rfc_says() {
        let table = [
            ("localhost", true),
            ("LocalHost.", true),
            ("wiki.localhost", true),
            ("a.b.localhost.", true),
            ("localhost.example.com", false),
            ("notlocalhost", false),
            ("localhost..", false),
            ("", false),
        ];
        for (name, expected) in table {
            assert_eq!(is_localhost(name), expected, "{name:?}");
        }
    }

    #[tokio::test]
    async fn localhost_is_asked_of_nobody_and_refused_to_strangers() {
        let found = look_up("wiki.localhost").await.unwrap();
        assert_eq!(
            found,
            [IpAddr::from([127, 0, 0, 1]), Ipv6Addr::LOCALHOST.into()]
        );
        assert_eq!(guard(&found, Trust::Administered).as_ref(), Ok(&found));
        let refused = Err(Refusal::Address(AddressKind::Loopback));
        assert_eq!(guard(&found, Trust::SelfRegistered), refused);
    }

    #[test]
    fn a_name_with_several_addresses_keeps_the_allowed_ones() {
        let [metadata, private, public] =
            ["169.254.169.254", "10.0.0.1", "8.8.8.8"].map(|text| text.parse::<IpAddr>().unwrap());
        let all = [metadata, private, public];
        assert_eq!(guard(&all, Trust::SelfRegistered), Ok(vec![public]));
        assert_eq!(guard(&all, Trust::Administered), Ok(vec![private, public]));
        let refused = Err(Refusal::Address(AddressKind::LinkLocal));
        assert_eq!(guard(&all[..2], Trust::SelfRegistered), refused);
        assert_eq!(guard(&[], Trust::SelfRegistered), Ok(vec![]));
    }
}
