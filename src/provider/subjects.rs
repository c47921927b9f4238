//! Under which name a client knows a person (Core 1.0, 8).
//!
//! A pairwise name is the person's own, sealed under the client's sector by a key that this
//! installation made once and keeps in the record, itself sealed by the master key: the same on
//! every node and after every restart, also when the master key changes. The third way of Core
//! 1.0, 8.1: it can be read back, so that a hint leads to its person without a table.

use super::Provider;
use super::trouble::Trouble;
use crate::entropy::{Entropy, Secret, UserId};
use crate::outbound::{Outbound, Trust};
use crate::protocol::client::Client;
use crate::protocol::client_rules::MetadataError;
use crate::protocol::client_token_rules;
use crate::store::record::Record;
use crate::store::seal::{Purpose, Sealer};

const FACT: &str = "pairwise_key";

/// No client has an id that begins so, and no person one that is as long.
const PREFIX: &str = "u_";

pub(super) struct Subjects(Sealer);

impl Subjects {
    pub(super) async fn load_or_make(
        record: &Record,
        sealer: &Sealer,
        entropy: &Entropy,
    ) -> Result<Self, Trouble> {
        let known = if let Some(known) = record.meta(FACT).await? {
            known
        } else {
            let fresh = Secret::random(entropy);
            let name = FACT.as_bytes();
            let made = sealer.seal_text(Purpose::SigningKey, name, fresh.as_bytes(), entropy);
            record.meta_or_insert(FACT, &made).await?
        };
        let key = sealer.open_text(Purpose::SigningKey, FACT.as_bytes(), &known);
        let key = key.and_then(|key| <[u8; 32]>::try_from(key).ok());
        let key = key.ok_or_else(|| {
            Trouble::Internal(
                "the key of pairwise subjects does not open with this master key; start with the \
                 master key that the data was written with"
                    .to_owned(),
            )
        })?;
        Ok(Self(Sealer::new(&key, &[])))
    }

    fn pairwise(&self, sector: &str, person: &UserId) -> UserId {
        let person = person.as_str().as_bytes();
        let sealed = self
            .0
            .seal_same_text(Purpose::Handle, sector.as_bytes(), person);
        UserId::new(format!("{PREFIX}{sealed}"))
    }

    fn person(&self, sector: &str, subject: &UserId) -> Option<UserId> {
        let sealed = subject.as_str().strip_prefix(PREFIX)?;
        let person = self
            .0
            .open_text(Purpose::Handle, sector.as_bytes(), sealed)?;
        Some(UserId::new(String::from_utf8(person).ok()?))
    }
}

impl Provider {
    /// The `sub` by which a client knows a person.
    pub(super) fn subject_for(&self, client: &Client, person: &UserId) -> UserId {
        match client_token_rules::sector(client) {
            Some(sector) => self.keys.subjects.pairwise(&sector, person),
            None => person.clone(),
        }
    }

    /// The person whom a client calls so by its own names, and by no others: a client with names of
    /// its own must not find out whose they are.
    pub(super) fn person_called(&self, client: &Client, subject: UserId) -> UserId {
        match client_token_rules::sector(client) {
            // What opens no name is the id of nobody.
            Some(sector) => self
                .keys
                .subjects
                .person(&sector, &subject)
                .unwrap_or_else(|| UserId::new("")),
            None => subject,
        }
    }

    /// The person behind the `sub` of a token of ours. A client may have had the other kind when it
    /// was issued.
    pub(super) fn person_behind(&self, client: &Client, subject: UserId) -> UserId {
        let sector = client_token_rules::sector(client);
        let person = sector.and_then(|sector| self.keys.subjects.person(&sector, &subject));
        person.unwrap_or(subject)
    }
}

/// Fetches what a sector lists, if a client names it, and demands all redirect URIs (Registration
/// 1.0, 5).
pub async fn check_sector(outbound: &Outbound, client: &Client) -> Result<(), MetadataError> {
    let Some(uri) = &client.tokens.sector_identifier_uri else {
        return Ok(());
    };
    let trust = Trust::from(client.registered_by);
    let document = outbound.get(trust, uri).await.map_err(|error| {
        MetadataError::new(
            "sector_identifier_uri",
            format!("can't be read: {error}"),
            "see that it answers 200 with a JSON array that has all of redirect_uris",
        )
    })?;
    client_token_rules::check_sector_document(client, &document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_stable_in_its_sector_and_says_nothing_elsewhere() {
        let subjects = Subjects(Sealer::new(&[7; 32], &[]));
        let alice = UserId::new("u_alice");
        let here = subjects.pairwise("a.example", &alice);
        assert_eq!(here, subjects.pairwise("a.example", &alice));
        assert_ne!(here, subjects.pairwise("b.example", &alice));
        assert_ne!(here, subjects.pairwise("a.example", &UserId::new("u_bob")));
        assert_eq!(subjects.person("a.example", &here), Some(alice.clone()));
        assert_eq!(subjects.person("b.example", &here), None);
        assert_eq!(subjects.person("a.example", &alice), None);
        let another = Subjects(Sealer::new(&[8; 32], &[]));
        assert_ne!(here, another.pairwise("a.example", &alice));
        assert!(here.as_str().len() <= 255 && here.as_str().is_ascii());
    }
}
