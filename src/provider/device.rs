//! The device authorization endpoint (RFC 8628, 3.1 and 3.2): a device that cannot show a sign-in
//! page asks for two codes. One it keeps and asks with; the other one its person types elsewhere.
//!
//! Both lead to the same document, which lies under a root that is made of the user code by a key:
//! who reads the store does not learn codes that could be typed.

use serde::{Deserialize, Serialize};

use super::Provider;
use super::documents;
use super::handles::DeviceHandle;
use super::interactions::Browser;
use super::sectors::without_names;
use super::token::TokenInput;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, Root, Secret, SecretHash, SessionId};
use crate::identity::throttle::{self, AddressKey};
use crate::protocol::authorization_request::Checked;
use crate::protocol::client::GrantType;
use crate::protocol::discovery::paths;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::params::Params;
use crate::protocol::user_code::UserCode;
use crate::session::device_grant::{INTERVAL, LIVES, Pace};
use crate::store::hot::{Check, Outcome};
use crate::store::seal::Purpose;

/// So often another user code is made, if somebody has the first one already.
const TRIES: usize = 4;

/// What the endpoint answers (RFC 8628, 3.2).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct DeviceAnswer {
    /// What the device asks with.
    pub device_code: String,
    /// What its person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code, for a link or a picture of one.
    pub verification_uri_complete: String,
    /// Seconds.
    pub expires_in: u64,
    /// Seconds between two questions of the device.
    pub interval: u64,
}

impl std::fmt::Debug for DeviceAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceAnswer(…)")
    }
}

/// A device that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DeviceDocument {
    pub(super) request: Checked,
    /// Of the secret in the device code: who has the user code alone is no device.
    pub(super) secret: SecretHash,
    /// Whence the device asked, coarsely.
    pub(super) network: String,
    /// What it calls itself.
    pub(super) user_agent: String,
    pub(super) asked: Timestamp,
    pub(super) expires: Timestamp,
    /// As of which it is believed. An answer may have been lost with the writes of an older one.
    pub(super) generation: i64,
    pub(super) pace: Pace,
    pub(super) answer: Answered,
}

/// What its person said.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Answered {
    NotYet,
    Denied(SessionId),
    /// Yes, in this session. Its code is about to be issued: a yes is said once, before anything
    /// comes of it.
    Allowing(SessionId),
    /// The code that was issued in the person's session. It never leaves the house.
    Allowed(SessionId, String),
}

impl Answered {
    /// Whether a yes of this session may still go on to its end.
    pub(super) fn may_allow(&self, session: SessionId) -> bool {
        match self {
            Self::NotYet => true,
            Self::Allowing(by) => *by == session,
            Self::Denied(_) | Self::Allowed(..) => false,
        }
    }

    /// What was said in this session, if anything was.
    pub(super) fn said_in(&self, session: SessionId) -> Option<bool> {
        match self {
            Self::Denied(by) if *by == session => Some(false),
            Self::Allowed(by, _) if *by == session => Some(true),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotYet => "NotYet",
            Self::Denied(_) => "Denied",
            Self::Allowing(_) => "Allowing",
            Self::Allowed(..) => "Allowed(…)",
        })
    }
}

impl Provider {
    /// The device authorization endpoint.
    pub async fn authorize_device(
        &self,
        input: TokenInput<'_>,
        params: &Params,
        device: &Browser,
    ) -> Result<Result<DeviceAnswer, ProtocolError>, Trouble> {
        let client = match self.authenticate_client(input).await? {
            Ok(client) => client,
            Err(error) => return Ok(Err(error)),
        };
        if !client.may_use(GrantType::DeviceCode) {
            return Ok(Err(ProtocolError::new(
                ErrorCode::UnauthorizedClient,
                "this client is not registered for the device grant",
            )));
        }
        let request = match Checked::of_device(params, &client) {
            Ok(request) => request,
            Err(error) => return Ok(Err(error)),
        };
        if client.is_without_names() {
            return Ok(Err(without_names()));
        }
        if let Err(error) = self.demand_few_devices(&client.client_id, device).await? {
            return Ok(Err(error));
        }
        self.demand_room(input.address).await?;
        self.begin_device(request, device).await.map(Ok)
    }

    /// What a client may begin from one address: each is a code that could be guessed, and memory.
    async fn demand_few_devices(
        &self,
        client: &ClientId,
        device: &Browser,
    ) -> Result<Result<(), ProtocolError>, Trouble> {
        // Hashed, as who registers a client may choose the id.
        let client = SecretHash::of_text(client.as_str()).encode();
        let address = AddressKey::of(device.address);
        let key = format!("devices:{client}:{}", address.as_str());
        let begun = self.hot.count(&key, throttle::WINDOW).await?;
        if begun > throttle::DEVICES_PER_CLIENT {
            let words = "too many devices of this client began from this address; wait";
            let error = ProtocolError::new(ErrorCode::TemporarilyUnavailable, words);
            return Ok(Err(error.again_after(throttle::WINDOW)));
        }
        Ok(Ok(()))
    }

    async fn begin_device(
        &self,
        request: Checked,
        device: &Browser,
    ) -> Result<DeviceAnswer, Trouble> {
        let now = self.clock.now();
        let secret = Secret::random(&self.entropy);
        let document = DeviceDocument {
            request,
            secret: secret.hash(),
            network: throttle::coarse(device.address),
            user_agent: device.user_agent.chars().take(USER_AGENT).collect(),
            asked: now,
            expires: now + LIVES,
            generation: self.ends.generation(),
            pace: Pace::default(),
            answer: Answered::NotYet,
        };
        for _ in 0..TRIES {
            let code = UserCode::random(&self.entropy);
            let root = self.device_root(&code);
            let name = documents::device();
            let put = self.put(&root, name.clone(), &document, document.expires);
            let begun = self.commit_waiting(&root, vec![Check::Absent(name)], vec![put]);
            if begun.await? == Outcome::Committed {
                let handle = DeviceHandle {
                    root,
                    secret,
                    expires: document.expires,
                };
                return Ok(self.device_codes(&handle, &code));
            }
        }
        Err(Trouble::contention())
    }

    fn device_codes(&self, handle: &DeviceHandle, code: &UserCode) -> DeviceAnswer {
        let page = format!("{}{}", self.settings.issuer, paths::DEVICE);
        DeviceAnswer {
            device_code: self.seal_device(handle),
            user_code: code.shown(),
            verification_uri_complete: format!("{page}?user_code={}", code.shown()),
            verification_uri: page,
            expires_in: LIVES.as_secs(),
            interval: INTERVAL.as_secs(),
        }
    }

    /// Where the document of a user code lies.
    pub(super) fn device_root(&self, code: &UserCode) -> Root {
        let tag = self
            .sealer
            .tag(Purpose::Handle, &[b"user code", code.as_bytes()]);
        let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = tag;
        Root::from_bytes(head)
    }

    /// The device whose document lies there, with its version; none that is over, or that a store
    /// tells of which may have forgotten its answer. Asked after the store was, as the first call
    /// to another store raises the generation.
    pub(super) async fn device_at(
        &self,
        root: &Root,
    ) -> Result<Option<(DeviceDocument, u64)>, Trouble> {
        let name = documents::device();
        let slots = self
            .shares
            .waiting
            .read(root, std::slice::from_ref(&name))
            .await?;
        let found = self.document::<DeviceDocument>(root, &name, slots.first());
        Ok(found.filter(|(document, _)| {
            let forgotten = document.generation < self.ends.generation();
            self.clock.now() < document.expires && !forgotten
        }))
    }

    /// Writes what became of a device, if nothing else became of it. False: something did.
    pub(super) async fn save_device(
        &self,
        root: &Root,
        document: &DeviceDocument,
        version: u64,
    ) -> Result<bool, Trouble> {
        let name = documents::device();
        let put = self.put(root, name.clone(), document, document.expires);
        let saved = self.commit_waiting(root, vec![Check::At(name, version)], vec![put]);
        Ok(saved.await? == Outcome::Committed)
    }
}

/// As much as is read of what a device calls itself.
const USER_AGENT: usize = 256;
