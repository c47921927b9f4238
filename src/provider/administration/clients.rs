//! Clients, by administrators. Those that the configuration file declares are changed there.

use std::time::Duration;

use serde_json::Value;

use super::super::Provider;
use super::super::client_secrets::{give_secret, new_secret};
use super::super::sessions::Ended;
use super::super::subjects::check_sector;
use super::super::trouble::Trouble;
use super::{Administered, Refusal};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, Entropy};
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::client_metadata::{self, MetadataError};
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::record::{ClientCreation, Declaration};
use crate::store::seal::Sealer;

/// A new client, and its secret, which is shown this once.
pub struct CreatedClient {
    /// The client.
    pub client: Client,
    /// None for a public client.
    pub secret: Option<String>,
}

/// What an edit came to.
pub struct UpdatedClient {
    /// The client's new version.
    pub version: Timestamp,
    /// The client has a new secret by this edit, which is shown this once: it had none, or it signs
    /// with it from now on, and of the one that it had only the hash was kept.
    pub secret: Option<String>,
}

/// A client with other metadata: members that are named replace those that are there, `null` takes
/// one away. The whole that results is judged. A client that becomes public loses its secrets; one
/// that ceases to be, or begins to sign with its secret, gets a new one.
pub fn merged(
    current: &Client,
    changes: &Value,
    sealer: &Sealer,
    entropy: &Entropy,
) -> Result<(Client, Option<String>), MetadataError> {
    let mut metadata = client_metadata::to_json(current);
    if let (Some(members), Some(changes)) = (metadata.as_object_mut(), changes.as_object()) {
        // Whoever changes the grants and says nothing of these means those that follow from them.
        if changes.contains_key("grant_types") {
            members.remove("response_types");
        }
        members.extend(changes.clone());
    }
    let mut client = client_metadata::parse(&metadata, current.client_id.clone())?;
    client.enabled = current.enabled;
    client.enabled_since = current.enabled_since;
    client.registered_by = current.registered_by;
    let secret = if client.go_on_with_secrets(current) {
        give_secret(&mut client, Some(sealer), entropy)
    } else {
        None
    };
    Ok((client, secret))
}

impl Provider {
    /// Makes a client from metadata (RFC 7591, 2), under an id that was chosen or a random one.
    pub async fn create_client(
        &self,
        metadata: &Value,
        id: Option<&str>,
        actor: &Actor,
    ) -> Result<Administered<CreatedClient>, Trouble> {
        let id = match id.map(client_metadata::checked_id).transpose() {
            Ok(id) => id.unwrap_or_else(|| ClientId::random(&self.entropy)),
            Err(error) => return Ok(Err(error.into())),
        };
        let mut client = match client_metadata::parse(metadata, id) {
            Ok(client) => client,
            Err(error) => return Ok(Err(error.into())),
        };
        client.registered_by = RegisteredBy::Administrator;
        if let Err(error) = self.allows(&client).await {
            return Ok(Err(error.into()));
        }
        let secret = give_secret(&mut client, Some(&self.sealer), &self.entropy);
        let created = self.record.create_client(&client, actor).await?;
        self.follow_changes().await?;
        Ok(match created {
            ClientCreation::Created => Ok(CreatedClient { client, secret }),
            ClientCreation::IdTaken => Err(Refusal::IdTaken),
        })
    }

    /// Changes the members that are named, if nobody changed the client since `version`.
    pub async fn edit_client(
        &self,
        id: &ClientId,
        version: Timestamp,
        changes: &Value,
        actor: &Actor,
    ) -> Result<Administered<UpdatedClient>, Trouble> {
        let Some(row) = self.record.client_row(id).await? else {
            return Ok(Err(Refusal::NotFound));
        };
        let (client, secret) = match merged(&row.client, changes, &self.sealer, &self.entropy) {
            Ok(merged) => merged,
            Err(error) => return Ok(Err(error.into())),
        };
        if let Err(error) = self.allows(&client).await {
            return Ok(Err(error.into()));
        }
        // What was merged into must be what the edit began from.
        let done = if row.updated == version {
            let done = self.record.update_client(&client, version, actor).await?;
            done.into()
        } else {
            Err(Refusal::Outdated)
        };
        self.follow_changes().await?;
        Ok(done.map(|version| UpdatedClient { version, secret }))
    }

    /// Enables a client. What it had before is ended first, should whoever disabled it not have
    /// come to that: it must not come back to life.
    pub async fn enable_client(
        &self,
        id: &ClientId,
        actor: &Actor,
    ) -> Result<Administered<Timestamp>, Trouble> {
        let row = self.record.client_row(id).await?;
        if row.is_some_and(|row| !row.client.enabled) {
            self.end_client(id, actor).await?;
        }
        let enabled = self.record.set_client_enabled(id, true, actor).await?;
        self.follow_changes().await?;
        Ok(enabled.into())
    }

    /// Disables a client, and ends its parts of all sessions and all its grants. It is still told
    /// of the ends.
    pub async fn disable_client(
        &self,
        id: &ClientId,
        actor: &Actor,
    ) -> Result<Administered<Ended>, Trouble> {
        let disabled = self.record.set_client_enabled(id, false, actor).await?;
        let done: Administered<Timestamp> = disabled.into();
        if let Err(refusal) = done {
            return Ok(Err(refusal));
        }
        let ended = self.end_client(id, actor).await?;
        self.follow_changes().await?;
        Ok(Ok(ended))
    }

    /// Deletes a client: disables it, ends what it has, and takes it away with all consents. Of
    /// these ends it is not told any more; who wants that disables it first, and waits.
    pub async fn delete_client(
        &self,
        id: &ClientId,
        actor: &Actor,
    ) -> Result<Administered<Ended>, Trouble> {
        let ended = match self.disable_client(id, actor).await? {
            Ok(ended) => ended,
            // One that was withdrawn from the file is disabled, and what it had was ended.
            Err(Refusal::DeclaredInFile) => Ended::default(),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let deleted = self.record.delete_client(id, actor).await?;
        self.follow_changes().await?;
        let done: Administered<Timestamp> = deleted.into();
        Ok(done.map(|_| ended))
    }

    /// Gives a client a new secret, which is shown this once. The one before is taken for a while
    /// longer, so that the app can be given the new one without a pause.
    pub async fn rotate_client_secret(
        &self,
        id: &ClientId,
        overlap: Duration,
        actor: &Actor,
    ) -> Result<Administered<String>, Trouble> {
        let Some(client) = self.record.client(id).await? else {
            return Ok(Err(Refusal::NotFound));
        };
        let (secret, kept) = new_secret(&client, Some(&self.sealer), &self.entropy);
        let rotated = self.record.rotate_client_secret(id, kept, overlap, actor);
        let done: Administered<Timestamp> = rotated.await?.into();
        self.follow_changes().await?;
        Ok(done.map(|_| secret))
    }

    /// Makes the record say what the configuration file says of its clients, and ends what those
    /// have that it declares no more. Answers with ids that belong to other clients: nothing was
    /// changed then.
    pub async fn declare_clients(&self, declared: &[Client]) -> Result<Vec<ClientId>, Trouble> {
        // Before any of them is enabled again, should the last start not have come to that.
        for client in self.record.clients().await? {
            if client.registered_by == RegisteredBy::File && !client.enabled {
                self.end_client(&client.client_id, &Actor::System).await?;
            }
        }
        let withdrawn = match self.record.declare_clients(declared).await? {
            Declaration::Taken(ids) => return Ok(ids),
            Declaration::Done { withdrawn, .. } => withdrawn,
        };
        for id in withdrawn {
            self.end_client(&id, &Actor::System).await?;
        }
        self.expect_sectors(declared).await?;
        self.follow_changes().await?;
        Ok(Vec::new())
    }

    /// Whether this house can do what a client asks for.
    pub(in crate::provider) async fn allows(&self, client: &Client) -> Result<(), MetadataError> {
        self.settings.bounds.check(client)?;
        check_sector(&self.outbound, client).await
    }

    async fn end_client(&self, id: &ClientId, actor: &Actor) -> Result<Ended, Trouble> {
        let selection = Selection::Client(id.clone());
        self.end_as(&selection, Reason::Disabled, Verb::Revoke, actor)
            .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entropy::SecretHash;
    use crate::protocol::client::PreviousSecret;

    fn merge(current: &Client, changes: &Value) -> Result<(Client, Option<String>), MetadataError> {
        let sealer = Sealer::new(&[1; 32], &[]);
        merged(current, changes, &sealer, &Entropy::seeded(1))
    }

    fn wiki(method: &str) -> Client {
        let metadata = json!({
            "client_name": "Wiki", "redirect_uris": ["https://wiki.example/cb"],
            "grant_types": ["authorization_code", "refresh_token"],
            "backchannel_logout_uri": "https://wiki.example/bc",
            "token_endpoint_auth_method": method,
        });
        let mut client = client_metadata::parse(&metadata, ClientId::new("wiki")).unwrap();
        client.secret_hash = (method != "none").then(|| SecretHash::of_text("old"));
        client
    }

    #[test]
    fn what_is_not_named_stays_and_the_whole_is_judged() {
        let mut current = wiki("client_secret_basic");
        current.enabled = false;
        let changes = json!({ "client_name": "Notes", "backchannel_logout_uri": null });
        let (after, secret) = merge(&current, &changes).unwrap();
        let mut expected = current.clone();
        expected.client_name = "Notes".to_owned();
        expected.backchannel_logout_uri = None;
        assert_eq!((after, secret), (expected, None));
        let changes = json!({ "redirect_uris": [] });
        let error = merge(&current, &changes).unwrap_err();
        assert_eq!(error.member, "redirect_uris");
        let changes = json!({ "require_pkce": false, "token_endpoint_auth_method": "none" });
        let error = merge(&current, &changes).unwrap_err();
        assert_eq!(error.member, "require_pkce");
    }

    #[test]
    fn a_secret_comes_and_goes_with_the_method() {
        let public = json!({ "token_endpoint_auth_method": "none" });
        let (after, secret) = merge(&wiki("client_secret_post"), &public).unwrap();
        assert_eq!((after.secret_hash, secret), (None, None));
        let confidential = json!({ "token_endpoint_auth_method": "client_secret_post" });
        let (after, secret) = merge(&wiki("none"), &confidential).unwrap();
        assert_eq!(
            after.secret_hash,
            Some(SecretHash::of_text(&secret.unwrap()))
        );
    }

    #[test]
    fn who_begins_to_sign_with_its_secret_gets_a_new_one() {
        let signs = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
        let mut before = wiki("client_secret_basic");
        before.previous_secret = Some(PreviousSecret {
            hash: SecretHash::of_text("older"),
            sealed: None,
            expires: Timestamp::from_secs(1),
        });
        let (mut signer, secret) = merge(&before, &signs).unwrap();
        let hash = Some(SecretHash::of_text(&secret.unwrap()));
        assert_eq!(signer.secret_hash, hash);
        assert!(signer.sealed_secret.is_some());
        assert_eq!(signer.previous_secret, None, "nobody could sign with it");

        // What else is changed leaves it be, and so does the way back; but for the seal.
        signer.previous_secret = Some(PreviousSecret {
            hash: SecretHash::of_text("older"),
            sealed: signer.sealed_secret.clone(),
            expires: Timestamp::from_secs(1),
        });
        let (renamed, secret) = merge(&signer, &json!({ "client_name": "Notes" })).unwrap();
        assert_eq!(secret, None);
        assert_eq!(renamed.sealed_secret, signer.sealed_secret);
        assert_eq!(renamed.previous_secret, signer.previous_secret);
        let back = json!({ "token_endpoint_auth_method": "client_secret_post" });
        let (after, secret) = merge(&signer, &back).unwrap();
        assert_eq!((secret, after.secret_hash), (None, hash));
        assert_eq!(after.sealed_secret, None);
        assert!(after.previous_secret.unwrap().sealed.is_none());
    }
}
