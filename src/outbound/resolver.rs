//! Names to addresses, past the guard. The connection is made to the very addresses judged here,
//! so a name cannot change between the check and the use (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{AddressKind, Guard, Verdict};

/// Why the guard refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Where the name leads, or the address itself. Which address is not told: a client that
    /// registered itself would learn the network's layout from it.
    #[error("its address is {0}")]
    Address(AddressKind),
    /// The operator says which private addresses are spoken to, and this is none of them.
    #[error("its address is {0}, and delivery.allow does not name it")]
    NotListed(AddressKind),
    /// Only an administrator may ask for messages in the clear.
    #[error("it is not https")]
    PlainHttp,
}

impl Refusal {
    /// What a verdict comes to.
    pub(super) const fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Allowed => None,
            Verdict::Refused(kind) => Some(Self::Address(kind)),
            Verdict::NotListed(kind) => Some(Self::NotListed(kind)),
        }
    }
}

/// The resolver of one guard.
#[derive(Clone, Debug)]
pub(super) struct GuardedResolver(pub(super) Guard);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let Self(guard) = self.clone();
        Box::pin(async move {
            let found = look_up(name.as_str()).await?;
            let allowed = allowed(&guard, name.as_str(), &found)?;
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
fn allowed(guard: &Guard, name: &str, found: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
    let mut allowed = Vec::with_capacity(found.len());
    let mut refusal = None;
    for address in found {
        match Refusal::of(guard.judge(Some(name), *address)) {
            None => allowed.push(*address),
            Some(refused) => refusal = refusal.or(Some(refused)),
        }
    }
    match refusal {
        Some(refusal) if allowed.is_empty() => Err(refusal),
        _ => Ok(allowed),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::address::{AllowList, Trust};
    use super::*;

    fn guard(found: &[IpAddr], trust: Trust) -> Result<Vec<IpAddr>, Refusal> {
        let guard = Guard {
            trust,
            allowed: Arc::default(),
        };
        allowed(&guard, "wiki.example", found)
    }

    #[test]
    fn a_listed_name_may_lead_into_a_private_network() {
        let allow = AllowList {
            hosts: vec!["wiki.example".to_owned()],
            ..AllowList::default()
        };
        let guard = Guard {
            trust: Trust::Administered,
            allowed: Arc::new(allow),
        };
        let [metadata, private] =
            ["169.254.169.254", "10.0.0.1"].map(|text| text.parse::<IpAddr>().unwrap());
        let found = [metadata, private];
        assert_eq!(allowed(&guard, "wiki.example", &found), Ok(vec![private]));
        let refused = Err(Refusal::NotListed(AddressKind::Private));
        assert_eq!(allowed(&guard, "shop.example", &found[1..]), refused);
    }

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
