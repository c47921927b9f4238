//! Clients, by administrators. Those that the configuration file declares are changed there.

use std::time::Duration;

use serde_json::Value;

use super::super::Provider;
use super::super::sessions::Ended;
use super::super::subjects::check_sector;
use super::super::trouble::Trouble;
use super::{Administered, Refusal};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, Entropy, SecretHash};
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::client_metadata::{self, MetadataError};
use crate::session::ending::{Actor, Reason, Selection, Verb};
use crate::store::record::{ClientCreation, Declaration};

/// 256 random bits in letters and digits.
const SECRET: usize = 43;

/// A secret for a client; only its hash is kept.
pub fn new_client_secret(entropy: &Entropy) -> String {
    entropy.alphanumeric(SECRET)
}

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
    /// The client became a confidential one by this edit: its secret, which is shown this once.
    pub secret: Option<String>,
}

/// A client with other metadata: members that are named replace those that are there, `null` takes
/// one away. The whole that results is judged. A client that becomes public loses its secrets; one
/// that ceases to be gets one.
pub fn merged(
    current: &Client,
    changes: &Value,
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
    if !client.has_secret() {
        return Ok((client, None));
    }
    client.secret_hash = current.secret_hash;
    client.previous_secret = current.previous_secret;
    let secret = client
        .secret_hash
        .is_none()
        .then(|| new_client_secret(entropy));
    if let Some(secret) = &secret {
        client.secret_hash = Some(SecretHash::of_text(secret));
    }
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
        let secret = client
            .has_secret()
            .then(|| new_client_secret(&self.entropy));
        client.secret_hash = secret.as_deref().map(SecretHash::of_text);
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
        let (client, secret) = match merged(&row.client, changes, &self.entropy) {
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
        let secret = new_client_secret(&self.entropy);
        let hash = SecretHash::of_text(&secret);
        let rotated = self.record.rotate_client_secret(id, hash, overlap, actor);
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
        self.follow_changes().await?;
        Ok(Vec::new())
    }

    /// Whether this house can do what a client asks for.
    async fn allows(&self, client: &Client) -> Result<(), MetadataError> {
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
        let entropy = Entropy::seeded(1);
        let mut current = wiki("client_secret_basic");
        current.enabled = false;
        let changes = json!({ "client_name": "Notes", "backchannel_logout_uri": null });
        let (after, secret) = merged(&current, &changes, &entropy).unwrap();
        let mut expected = current.clone();
        expected.client_name = "Notes".to_owned();
        expected.backchannel_logout_uri = None;
        assert_eq!((after, secret), (expected, None));
        let changes = json!({ "redirect_uris": [] });
        let error = merged(&current, &changes, &entropy).unwrap_err();
        assert_eq!(error.member, "redirect_uris");
        let changes = json!({ "require_pkce": false, "token_endpoint_auth_method": "none" });
        let error = merged(&current, &changes, &entropy).unwrap_err();
        assert_eq!(error.member, "require_pkce");
    }

    #[test]
    fn a_secret_comes_and_goes_with_the_method() {
        let entropy = Entropy::seeded(1);
        let public = json!({ "token_endpoint_auth_method": "none" });
        let (after, secret) = merged(&wiki("client_secret_post"), &public, &entropy).unwrap();
        assert_eq!((after.secret_hash, secret), (None, None));
        let confidential = json!({ "token_endpoint_auth_method": "client_secret_post" });
        let (after, secret) = merged(&wiki("none"), &confidential, &entropy).unwrap();
        let secret = secret.unwrap();
        assert_eq!(secret.len(), SECRET);
        assert_eq!(after.secret_hash, Some(SecretHash::of_text(&secret)));
    }
}
