//! Counting tries before any work is done for them. The arithmetic is `identity::throttle`'s.

use std::net::IpAddr;
use std::time::Duration;

use super::Provider;
use super::trouble::Trouble;
use crate::entropy::UserId;
use crate::identity::throttle::{self, AccountKey, AddressKey};

/// In each wait of an account so many tries go on from different addresses together: enough that
/// a guesser seldom takes the person's own, too few for a crowd of addresses to guess with.
const PER_WAIT: u64 = 10;

/// A try that must not be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttled {
    pub(super) wait: Duration,
    /// The first one refused in this wait: worth a line in the audit, the others are not.
    pub(super) first: bool,
}

impl Provider {
    /// Bounds what one address may have us keep in a hot state that many share: interactions and
    /// requests that wait, which anybody may store. In process a memory of their own bounds them.
    pub(super) async fn demand_room(&self, from: IpAddr) -> Result<(), Trouble> {
        let Some(room) = throttle::waiting_room(from).filter(|_| self.hot.is_shared()) else {
            return Ok(());
        };
        let key = format!("waiting:{}", AddressKey::of(from).as_str());
        let begun = self.shares.waiting.count(&key, throttle::WINDOW).await?;
        if begun > room {
            return Err(Trouble::Crowded);
        }
        Ok(())
    }

    /// Counts one try at an account from an address; says how long to wait if it must not be made.
    pub(super) async fn count_attempt(
        &self,
        account: &AccountKey,
        address: IpAddr,
    ) -> Result<Option<Throttled>, Trouble> {
        let address = AddressKey::of(address);
        // The address first: one that must wait makes no more counters.
        let tries = self
            .hot
            .count(&address_counter(&address), throttle::WINDOW)
            .await?;
        let wait = throttle::address_wait(tries);
        let pause = format!("pause-address:{}", address.as_str());
        if let Some(throttled) = self.one_in(&pause, wait, 1).await? {
            return Ok(Some(throttled));
        }
        let tries = self
            .hot
            .count(&account_counter(account), throttle::WINDOW)
            .await?;
        let wait = throttle::account_wait(tries);
        let pause = format!("pause:{}:{}", account.as_str(), address.as_str());
        if let Some(throttled) = self.one_in(&pause, wait, 1).await? {
            return Ok(Some(throttled));
        }
        let pause = format!("pause-account:{}", account.as_str());
        self.one_in(&pause, wait, PER_WAIT).await
    }

    /// Counts one try at the code of a device; says how long to wait if it must not be made. By
    /// address, and by person, as addresses are cheap.
    pub(super) async fn count_user_code(
        &self,
        person: &UserId,
        address: IpAddr,
    ) -> Result<Option<Throttled>, Trouble> {
        let [by_address, by_person] = user_code_counters(person, address);
        let tries = self.hot.count(&by_address, throttle::WINDOW).await?;
        let wait = throttle::address_wait(tries);
        let pause = format!("pause-{by_address}");
        if let Some(throttled) = self.one_in(&pause, wait, 1).await? {
            return Ok(Some(throttled));
        }
        let tries = self.hot.count(&by_person, throttle::WINDOW).await?;
        let wait = throttle::account_wait(tries);
        let pause = format!("pause-{by_person}");
        self.one_in(&pause, wait, 1).await
    }

    /// Takes a try back that was none, as the code was right. The counters are not forgotten: a
    /// guesser has right codes too, those of devices of their own.
    pub(super) async fn uncount_user_code(
        &self,
        person: &UserId,
        address: IpAddr,
    ) -> Result<(), Trouble> {
        for counter in user_code_counters(person, address) {
            self.hot.uncount(&counter).await?;
        }
        Ok(())
    }

    async fn one_in(
        &self,
        pause: &str,
        wait: Duration,
        allowed: u64,
    ) -> Result<Option<Throttled>, Trouble> {
        if wait.is_zero() {
            return Ok(None);
        }
        let tries = self.hot.count(pause, wait).await?;
        let first = tries == allowed + 1;
        Ok((tries > allowed).then_some(Throttled { wait, first }))
    }

    /// After a success the account's count starts anew, and the address's forgets this try: many
    /// people may sign in from one address.
    pub(super) async fn forget_attempts(
        &self,
        account: &AccountKey,
        address: IpAddr,
    ) -> Result<(), Trouble> {
        self.hot.forget(&account_counter(account)).await?;
        Ok(self
            .hot
            .uncount(&address_counter(&AddressKey::of(address)))
            .await?)
    }
}

fn user_code_counters(person: &UserId, address: IpAddr) -> [String; 2] {
    [
        format!("user-code-address:{}", AddressKey::of(address).as_str()),
        format!(
            "user-code-person:{}",
            AccountKey::of_person(person).as_str()
        ),
    ]
}

fn account_counter(account: &AccountKey) -> String {
    format!("account:{}", account.as_str())
}

fn address_counter(address: &AddressKey) -> String {
    format!("address:{}", address.as_str())
}
