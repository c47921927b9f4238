//! How often a password may be tried. Arithmetic only: the counters live in the hot state.
//!
//! | counter | free in 15 minutes | then one attempt in | at most |
//! |---|---|---|---|
//! | account | 5 | 2 s, 4 s, 8 s … | 5 min |
//! | address (IPv4 /32, IPv6 /64) | 50 | 2 s, 4 s, 8 s … | 1 min |
//!
//! Attempts are slowed, never locked out: a lock would let anyone shut out anybody. Names that
//! nobody has are counted like all others, or the delay itself would tell which exist.
//!
//! The route of an attempt, every counter raised *before* the hash is computed, so that parallel
//! guesses cannot all read the same old number:
//!
//! 1. Raise the account's and the address's counter by one, within [`WINDOW`].
//! 2. Where [`account_wait`] or [`address_wait`] says to wait, raise a second counter ("pause")
//!    whose window is the wait: its first attempt goes on, the others are refused with Retry-After
//!    and cost no hash. An account's pause is counted for each address, so that a guesser gets one
//!    guess in each wait, and so does the person; an address's is one over all accounts.
//! 3. After a success forget the account's counter, never the address's: an attacker's own account
//!    must not pay for guesses at others.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::user::LoginKey;
use crate::entropy::{SecretHash, UserId};

/// How long a counter remembers, from its first count.
pub const WINDOW: Duration = Duration::from_mins(15);
/// Attempts at one account that cost no wait.
pub const FREE_PER_ACCOUNT: u64 = 5;
/// Attempts from one address that cost no wait: a household or a small office mistypes too.
pub const FREE_PER_ADDRESS: u64 = 50;
/// Wrong secrets of one client from one address, after which that address is refused for
/// [`WINDOW`]. A client's secret is long and machines do not mistype: nobody is slowed by this
/// who is not guessing or misconfigured.
pub const FREE_PER_CLIENT: u64 = 20;
/// Devices that one client may begin from one address within [`WINDOW`]: a shop that unpacks its
/// screens, and no program that begins anew without an end.
pub const DEVICES_PER_CLIENT: u64 = 100;
/// Sign-ins that one address may begin within [`WINDOW`]: a large office on a Monday morning, and
/// some ten megabytes at most.
pub const WAITING_PER_ADDRESS: u64 = 10_000;
/// How long an address from which a client proved itself is trusted not to be a guesser's alone.
pub const CLIENT_PROVEN: Duration = Duration::from_hours(24);
/// The longest wait for an account.
pub const LONGEST_ACCOUNT_WAIT: Duration = Duration::from_mins(5);
/// The longest wait for an address, behind which many people may be.
pub const LONGEST_ADDRESS_WAIT: Duration = Duration::from_mins(1);

/// How long a wait the `attempts`-th attempt at one account is in; zero if it may go on at once.
pub fn account_wait(attempts: u64) -> Duration {
    doubling(
        attempts.saturating_sub(FREE_PER_ACCOUNT),
        LONGEST_ACCOUNT_WAIT,
    )
}

/// The same for the `attempts`-th attempt from one address.
pub fn address_wait(attempts: u64) -> Duration {
    doubling(
        attempts.saturating_sub(FREE_PER_ADDRESS),
        LONGEST_ADDRESS_WAIT,
    )
}

/// How many sign-ins an address may begin within [`WINDOW`]. None: without a bound, as everybody
/// may be behind it, in a network of one's own or a proxy that is not trusted to say who asks.
pub fn waiting_room(address: IpAddr) -> Option<u64> {
    let own = match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    (!own).then_some(WAITING_PER_ADDRESS)
}

/// 2ⁿ seconds, and nothing for none.
fn doubling(over: u64, longest: Duration) -> Duration {
    if over == 0 {
        return Duration::ZERO;
    }
    let seconds = u32::try_from(over)
        .ok()
        .and_then(|over| 1_u64.checked_shl(over));
    seconds.map_or(longest, |seconds| Duration::from_secs(seconds).min(longest))
}

/// The name of an account's counter: a hash, as people also type passwords into the wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey(String);

impl AccountKey {
    /// Of a person: whether they typed their username or their email, it is one counter.
    pub fn of_person(id: &UserId) -> Self {
        Self::hashed("person", id.as_str())
    }

    /// Of a name that nobody has.
    pub fn of_nobody(typed: &LoginKey) -> Self {
        Self::hashed("nobody", typed.as_str())
    }

    fn hashed(kind: &str, text: &str) -> Self {
        Self(SecretHash::of_text(&format!("{kind}:{text}")).encode())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of an address's counter. One person holds a whole IPv6 /64, so that is one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressKey(String);

impl AddressKey {
    /// The counter that this address belongs to.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("{}/64", cut(v6, 64)),
        })
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An address as the list of sessions shows and keeps it: enough to tell home from abroad, too
/// little to tell a house (IPv4 /24, IPv6 /48).
pub fn coarse(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => format!("{}/48", cut(v6, 48)),
    }
}

fn cut(address: Ipv6Addr, prefix: u32) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
    Ipv6Addr::from_bits(address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let accounts = [
            (0, 0),
            (5, 0),
            (6, 2),
            (7, 4),
            (13, 256),
            (14, 300),
            (5 + 64, 300),
            (u64::MAX, 300),
        ];
        for (attempts, seconds) in accounts {
            assert_eq!(account_wait(attempts).as_secs(), seconds, "{attempts}");
        }
        let addresses = [(0, 0), (50, 0), (51, 2), (55, 32), (56, 60), (u64::MAX, 60)];
        for (attempts, seconds) in addresses {
            assert_eq!(address_wait(attempts).as_secs(), seconds, "{attempts}");
        }
    }

    #[test]
    fn only_addresses_of_the_world_have_a_bounded_room() {
        for own in [
            "127.0.0.1",
            "10.1.2.3",
            "::ffff:192.168.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert_eq!(waiting_room(own.parse().unwrap()), None, "{own}");
        }
        for foreign in ["203.0.113.7", "2001:db8::1"] {
            let room = waiting_room(foreign.parse().unwrap());
            assert_eq!(room, Some(WAITING_PER_ADDRESS), "{foreign}");
        }
    }

    #[test]
    fn waits_never_shrink() {
        for attempts in 0..100 {
            assert!(account_wait(attempts) <= account_wait(attempts + 1));
            assert!(address_wait(attempts) <= address_wait(attempts + 1));
        }
    }

    #[test]
    fn an_address_is_counted_by_its_holder_and_shown_coarsely() {
        let table = [
            ("203.0.113.7", "203.0.113.7", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7", "203.0.113.0/24"),
            (
                "2001:db8:1:2:3:4:5:6",
                "2001:db8:1:2::/64",
                "2001:db8:1::/48",
            ),
            ("2001:db8:1:2::", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("::1", "::/64", "::/48"),
        ];
        for (address, counted, shown) in table {
            let address = address.parse().unwrap();
            assert_eq!(AddressKey::of(address).as_str(), counted);
            assert_eq!(coarse(address), shown);
        }
    }

    #[test]
    fn accounts_are_counted_under_names_that_tell_nothing() {
        let typed = LoginKey::new("hunter2-typed-as-username");
        let key = AccountKey::of_nobody(&typed);
        assert_eq!(key.as_str().len(), 43);
        assert_eq!(
            key,
            AccountKey::of_nobody(&LoginKey::new(" HUNTER2-typed-as-username"))
        );
        // Nobody can raise a person's counter by typing their id.
        assert_ne!(
            AccountKey::of_person(&UserId::new("u_1")),
            AccountKey::of_nobody(&LoginKey::new("u_1"))
        );
    }
}
