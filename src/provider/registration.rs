//! Clients that register themselves (RFC 7591) and manage themselves afterwards (RFC 7592).
//!
//! Off unless it is switched on. Then an initial access token is demanded, unless anybody may.
//! What such a client may be is the policy's to say; what it is can be undone by an administrator
//! like any other.

use std::net::IpAddr;

use serde_json::Value;

use super::Provider;
use super::administration::{Administered, Refusal};
use super::client_secrets::{give_secret, new_client_secret};
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SecretHash};
use crate::identity::throttle::{self, AddressKey};
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::client_metadata::MetadataError;
use crate::protocol::client_token_rules;
use crate::protocol::discovery::paths;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::registration::{self, Answer, Policy};
use crate::session::ending::Actor;
use crate::store::record::{NewRegistration, Registered, Registration as Known};

/// Registrations, and wrong tokens, from one address within [`throttle::WINDOW`].
const PER_ADDRESS: u64 = 50;

/// Whether and how clients register themselves.
#[derive(Clone, Debug)]
pub struct RegistrationSettings {
    /// Without an initial access token.
    pub open: bool,
    /// What they may be.
    pub policy: Policy,
    /// No more of them than this.
    pub max_clients: u32,
}

/// Why a registration, or what a client asks of its own, is refused.
#[derive(Debug)]
pub enum Unregistered {
    /// There is no such address here: registration is off.
    Off,
    /// The bearer token is missing or not good (RFC 6750, 3.1). All reasons look the same.
    Token {
        /// One was sent.
        sent: bool,
    },
    /// What was sent is not as it must be, or there is no room.
    Refused(ProtocolError),
}

/// What was read of a request.
pub struct RegistrationCall<'a> {
    /// The bearer token.
    pub token: Option<&'a str>,
    /// Where it comes from.
    pub address: IpAddr,
}

type Told = Result<Value, Unregistered>;

impl Provider {
    /// Makes a client of what it says of itself (RFC 7591, 3).
    pub async fn register(
        &self,
        call: &RegistrationCall<'_>,
        metadata: &Value,
    ) -> Result<Told, Trouble> {
        let Some(settings) = self.settings.registration.clone() else {
            return Ok(Err(Unregistered::Off));
        };
        if !settings.open && call.token.is_none() {
            return Ok(Err(Unregistered::Token { sent: false }));
        }
        if let Some(refused) = self.registers_too_often(call.address).await? {
            return Ok(Err(refused));
        }
        let id = ClientId::random(&self.entropy);
        let mut client = match registration::admit(metadata, id, &settings.policy) {
            Ok(client) => client,
            Err(error) => return Ok(Err(refused(registration::refusal(&error)))),
        };
        if let Err(error) = self.allows(&client).await {
            return Ok(Err(refused(registration::refusal(&error))));
        }
        let secret = give_secret(&mut client, Some(&self.sealer), &self.entropy);
        let token = new_client_secret(&self.entropy);
        let new = NewRegistration {
            client: client.clone(),
            token: SecretHash::of_text(&token),
            initial: call.token.map(SecretHash::of_text),
            limit: settings.max_clients.into(),
        };
        let issued = self.clock.now();
        match self.record.register_client(new).await? {
            Registered::Done => {}
            Registered::VoidToken => return Ok(Err(Unregistered::Token { sent: true })),
            Registered::Full | Registered::IdTaken => return Ok(Err(full())),
        }
        self.follow_changes().await?;
        Ok(Ok(self.told(&client, issued, secret.as_deref(), &token)))
    }

    /// What a client is (RFC 7592, 2.1). Its secret is kept as a hash, and not told again.
    pub async fn registered(
        &self,
        id: &ClientId,
        call: &RegistrationCall<'_>,
    ) -> Result<Told, Trouble> {
        Ok(match self.itself(id, call).await? {
            Ok(found) => Ok(self.told(&found.client, found.issued, None, &found.token)),
            Err(refused) => Err(refused),
        })
    }

    /// Replaces what a client is by what it sends, whole (RFC 7592, 2.2).
    pub async fn reregister(
        &self,
        id: &ClientId,
        call: &RegistrationCall<'_>,
        metadata: &Value,
    ) -> Result<Told, Trouble> {
        let found = match self.itself(id, call).await? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(settings) = &self.settings.registration else {
            return Ok(Err(Unregistered::Off));
        };
        if let Err(error) = registration::check_update(metadata, id)
            .and_then(|()| check_secret(metadata, &found.client, self.clock.now()))
        {
            return Ok(Err(refused(error)));
        }
        let client = match registration::admit(metadata, id.clone(), &settings.policy) {
            Ok(client) => client,
            Err(error) => return Ok(Err(refused(registration::refusal(&error)))),
        };
        if let Err(error) = self.may_replace(&found.client, &client).await {
            return Ok(Err(refused(registration::refusal(&error))));
        }
        let (client, secret) = self.with_secrets(client, &found.client);
        let actor = Actor::Client(id.clone());
        let done = self.record.update_client(&client, found.version, &actor);
        let done: Administered<Timestamp> = done.await?.into();
        self.follow_changes().await?;
        Ok(match done {
            Ok(_) => Ok(self.told(&client, found.issued, secret.as_deref(), &found.token)),
            Err(Refusal::Outdated) => Err(changed_meanwhile()),
            Err(_) => Err(Unregistered::Token { sent: true }),
        })
    }

    /// What it asks for must be possible here, and it must go on to know people by the same names:
    /// by those of another sector it would learn who they are elsewhere, from grants that it has.
    async fn may_replace(&self, before: &Client, after: &Client) -> Result<(), MetadataError> {
        if client_token_rules::sector(before) != client_token_rules::sector(after) {
            return Err(MetadataError::new(
                "subject_type",
                "would have another sector, by sector_identifier_uri or the host of redirect_uris, \
                 and with it other names for people",
                "leave these as they are, or register anew",
            ));
        }
        self.allows(after).await
    }

    /// Deletes a client at its own wish, with all that hangs on it (RFC 7592, 2.3).
    pub async fn unregister(
        &self,
        id: &ClientId,
        call: &RegistrationCall<'_>,
    ) -> Result<Result<(), Unregistered>, Trouble> {
        if let Err(refused) = self.itself(id, call).await? {
            return Ok(Err(refused));
        }
        let deleted = self.delete_client(id, &Actor::Client(id.clone())).await?;
        Ok(match deleted {
            Ok(_) => Ok(()),
            Err(Refusal::StillInUse) => Err(changed_meanwhile()),
            Err(_) => Err(Unregistered::Token { sent: true }),
        })
    }

    /// The client whose registration access token was sent. One that is disabled manages nothing.
    async fn itself(
        &self,
        id: &ClientId,
        call: &RegistrationCall<'_>,
    ) -> Result<Result<Itself, Unregistered>, Trouble> {
        if self.settings.registration.is_none() {
            return Ok(Err(Unregistered::Off));
        }
        let Some(token) = call.token else {
            return Ok(Err(Unregistered::Token { sent: false }));
        };
        let known = self.record.registration(id).await?;
        let good = |known: &Known| known.token.matches(&SecretHash::of_text(token));
        if let Some(known) = known.filter(good)
            && let Some(row) = self.record.client_row(id).await?
            && row.client.enabled
            && row.client.registered_by == RegisteredBy::Itself
        {
            return Ok(Ok(Itself {
                client: row.client,
                version: row.updated,
                issued: known.at,
                token: token.to_owned(),
            }));
        }
        if let Some(refused) = self.registers_too_often(call.address).await? {
            return Ok(Err(refused));
        }
        Ok(Err(Unregistered::Token { sent: true }))
    }

    /// Keeps the secrets of a client that goes on having one; makes one for one that had none, or
    /// begins to sign with it.
    fn with_secrets(&self, mut client: Client, before: &Client) -> (Client, Option<String>) {
        if !client.go_on_with_secrets(before) {
            return (client, None);
        }
        let secret = give_secret(&mut client, Some(&self.sealer), &self.entropy);
        (client, secret)
    }

    async fn registers_too_often(&self, from: IpAddr) -> Result<Option<Unregistered>, Trouble> {
        let key = format!("register:{}", AddressKey::of(from).as_str());
        if self.hot.count(&key, throttle::WINDOW).await? <= PER_ADDRESS {
            return Ok(None);
        }
        let words = "too many registrations came from this address; wait";
        let error = ProtocolError::new(ErrorCode::InvalidRequest, words);
        Ok(Some(refused(error.again_after(throttle::WINDOW))))
    }

    fn told(&self, client: &Client, issued: Timestamp, secret: Option<&str>, token: &str) -> Value {
        let address = format!(
            "{}{}/{}",
            self.settings.issuer,
            paths::REGISTER,
            client.client_id
        );
        let answer = Answer {
            client,
            issued,
            secret,
            address: &address,
            token,
        };
        answer.document()
    }
}

/// A client that proved to be itself.
struct Itself {
    client: Client,
    version: Timestamp,
    issued: Timestamp,
    token: String,
}

/// RFC 7592, 2.2: a secret that is sent must be the present one; a client can't choose its own.
fn check_secret(metadata: &Value, client: &Client, now: Timestamp) -> Result<(), ProtocolError> {
    let Some(sent) = metadata.get("client_secret") else {
        return Ok(());
    };
    let sent = sent.as_str().map(SecretHash::of_text);
    let previous = client
        .previous_secret
        .as_ref()
        .filter(|previous| now < previous.expires);
    let taken = [client.secret_hash, previous.map(|previous| previous.hash)];
    if sent.is_some_and(|sent| taken.iter().flatten().any(|known| known.matches(&sent))) {
        return Ok(());
    }
    let words = "client_secret: is not the secret of this client; leave it out";
    Err(ProtocolError::new(ErrorCode::InvalidRequest, words))
}

fn refused(error: ProtocolError) -> Unregistered {
    Unregistered::Refused(error)
}

fn full() -> Unregistered {
    let words = "there are as many registered clients as there may be; ask an administrator";
    refused(ProtocolError::new(ErrorCode::InvalidRequest, words))
}

fn changed_meanwhile() -> Unregistered {
    let words = "the client was changed or used meanwhile; read it again, then repeat this";
    refused(ProtocolError::new(ErrorCode::InvalidRequest, words))
}
