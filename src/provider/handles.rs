//! Handles: what browsers and clients carry. Sealed bytes that say where to look and reveal
//! nothing; a forged one is dropped before any store is asked.

use std::net::IpAddr;
use std::time::Duration;

use super::Provider;
use super::dpop::Nonce;
use crate::clock::Timestamp;
use crate::entropy::{CodeId, GrantId, Root, Secret, SecretHash, SessionId, Sid, TokenId};
use crate::protocol::jose::Thumbprint;
use crate::session::grant::Place;
use crate::store::seal::Purpose;

/// How long a browser that signed out may look at the receipts: others may use it next.
pub const VIEW_LASTS: Duration = Duration::from_mins(10);

/// The SSO cookie: a session and the secret that proves it is this browser's.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    pub(super) id: SessionId,
    pub(super) secret: Secret,
    /// Who showed it, if it was shown.
    pub(super) from: Option<IpAddr>,
}

impl SessionCookie {
    pub(super) const fn fresh(id: SessionId, secret: Secret) -> Self {
        let from = None;
        Self { id, secret, from }
    }

    /// As it was shown from this address.
    #[must_use]
    pub fn shown_from(self, address: IpAddr) -> Self {
        let from = Some(address);
        Self { from, ..self }
    }
}

/// The view cookie: for a while, its browser may see who has been told that a session ended.
#[derive(Clone, Debug)]
pub struct View {
    pub(super) session: SessionId,
    pub(super) until: Timestamp,
    /// Of one app alone, by its name for the session.
    pub(super) part: Option<Sid>,
}

/// Where a request waits that arrived by POST without the session cookie.
#[derive(Clone, Debug)]
pub struct StoredRequest(pub(super) Root);

#[derive(Clone, Copy, Debug)]
pub(super) struct InteractionHandle {
    pub(super) root: Root,
    pub(super) secret: Secret,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct CodeHandle {
    pub(super) root: Root,
    pub(super) code: CodeId,
    pub(super) generation: i64,
}

/// A device code: where its document lies, and what proves that it is this one's.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeviceHandle {
    pub(super) root: Root,
    pub(super) secret: Secret,
    pub(super) expires: Timestamp,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RefreshHandle {
    pub(super) root: Root,
    pub(super) grant: GrantId,
    pub(super) place: Place,
    pub(super) offline: bool,
    /// What it is bound to. The grant says it too, but what the grant says may be lost with writes
    /// of the store, and a binding must not be.
    pub(super) key: Option<Thumbprint>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct AccessHandle {
    pub(super) root: Root,
    pub(super) grant: GrantId,
    pub(super) token: TokenId,
    pub(super) offline: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ClientHandle {
    pub(super) token: TokenId,
    pub(super) issued: Timestamp,
    /// What the client proved itself with.
    pub(super) credential: SecretHash,
}

/// Reads fixed parts off the front of a handle's bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn flag(&mut self) -> Option<bool> {
        self.take::<1>().map(|[byte]| byte == 1)
    }

    fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

impl Provider {
    fn seal_handle(&self, kind: &str, parts: &[&[u8]]) -> String {
        self.sealer.seal_text(
            Purpose::Handle,
            kind.as_bytes(),
            &parts.concat(),
            &self.entropy,
        )
    }

    fn open_handle(&self, kind: &str, text: &str) -> Option<Vec<u8>> {
        self.sealer
            .open_text(Purpose::Handle, kind.as_bytes(), text)
    }

    /// The value of the SSO cookie.
    pub fn seal_cookie(&self, cookie: &SessionCookie) -> String {
        self.seal_handle("cookie", &[cookie.id.as_bytes(), cookie.secret.as_bytes()])
    }

    /// Reads the SSO cookie.
    pub fn open_cookie(&self, text: &str) -> Option<SessionCookie> {
        let bytes = self.open_handle("cookie", text)?;
        let mut reader = Reader(&bytes);
        let id = SessionId::from_bytes(reader.take()?);
        let secret = Secret::from_bytes(reader.take()?);
        reader.end(SessionCookie::fresh(id, secret))
    }

    /// What the script of the check iframe may read: the same for the same session, and it proves
    /// nothing.
    pub(super) fn seal_browser_state(&self, session: SessionId) -> String {
        self.sealer
            .seal_same_text(Purpose::Handle, b"browser state", session.as_bytes())
    }

    pub(super) fn open_browser_state(&self, text: &str) -> Option<SessionId> {
        let bytes = self.open_handle("browser state", text)?;
        let mut reader = Reader(&bytes);
        let id = SessionId::from_bytes(reader.take()?);
        reader.end(id)
    }

    pub(super) fn seal_interaction(&self, handle: &InteractionHandle) -> String {
        self.seal_handle(
            "interaction",
            &[handle.root.as_bytes(), handle.secret.as_bytes()],
        )
    }

    pub(super) fn open_interaction(&self, text: &str) -> Option<InteractionHandle> {
        let bytes = self.open_handle("interaction", text)?;
        let mut reader = Reader(&bytes);
        let root = Root::from_bytes(reader.take()?);
        let secret = Secret::from_bytes(reader.take()?);
        reader.end(InteractionHandle { root, secret })
    }

    /// The text by which a stored request is found again.
    pub fn seal_stored(&self, stored: &StoredRequest) -> String {
        self.seal_handle("stored", &[stored.0.as_bytes()])
    }

    /// Reads it.
    pub fn open_stored(&self, text: &str) -> Option<StoredRequest> {
        let bytes = self.open_handle("stored", text)?;
        let mut reader = Reader(&bytes);
        let root = Root::from_bytes(reader.take()?);
        reader.end(StoredRequest(root))
    }

    /// The part of a pushed request's `request_uri` that names it.
    pub(super) fn seal_pushed(&self, root: &Root) -> String {
        self.seal_handle("pushed", &[root.as_bytes()])
    }

    pub(super) fn open_pushed(&self, text: &str) -> Option<Root> {
        let bytes = self.open_handle("pushed", text)?;
        let mut reader = Reader(&bytes);
        let root = Root::from_bytes(reader.take()?);
        reader.end(root)
    }

    /// The value of the view cookie of a session that ended now, or of one app's part of it.
    pub(super) fn seal_view(&self, session: SessionId, part: Option<&Sid>) -> String {
        let until = (self.clock.now() + VIEW_LASTS).as_millis().to_be_bytes();
        let part = part.map(Sid::as_str).unwrap_or_default();
        self.seal_handle("view", &[session.as_bytes(), &until, part.as_bytes()])
    }

    /// Reads the view cookie, unless its time is over.
    pub fn open_view(&self, text: &str) -> Option<View> {
        let bytes = self.open_handle("view", text)?;
        let mut reader = Reader(&bytes);
        let session = SessionId::from_bytes(reader.take()?);
        let until = Timestamp::from_millis(i64::from_be_bytes(reader.take()?));
        let part = std::str::from_utf8(reader.0).ok()?;
        let part = (!part.is_empty()).then(|| Sid::new(part));
        let view = View {
            session,
            until,
            part,
        };
        (self.clock.now() < view.until).then_some(view)
    }

    /// What a client repeats in its next proof (RFC 9449, 8).
    pub(super) fn seal_nonce(&self, nonce: Nonce) -> String {
        let given = nonce.given.as_millis().to_be_bytes();
        self.seal_handle("dpop nonce", &[&given, &nonce.generation.to_be_bytes()])
    }

    pub(super) fn open_nonce(&self, text: &str) -> Option<Nonce> {
        let bytes = self.open_handle("dpop nonce", text)?;
        let mut reader = Reader(&bytes);
        let given = Timestamp::from_millis(i64::from_be_bytes(reader.take()?));
        let generation = i64::from_be_bytes(reader.take()?);
        reader.end(Nonce { given, generation })
    }

    pub(super) fn seal_code(&self, handle: &CodeHandle) -> String {
        let generation = handle.generation.to_be_bytes();
        self.seal_handle(
            "code",
            &[handle.root.as_bytes(), handle.code.as_bytes(), &generation],
        )
    }

    pub(super) fn open_code(&self, text: &str) -> Option<CodeHandle> {
        let bytes = self.open_handle("code", text)?;
        let mut reader = Reader(&bytes);
        let root = Root::from_bytes(reader.take()?);
        let code = CodeId::from_bytes(reader.take()?);
        let generation = i64::from_be_bytes(reader.take()?);
        reader.end(CodeHandle {
            root,
            code,
            generation,
        })
    }

    pub(super) fn seal_device(&self, handle: &DeviceHandle) -> String {
        let expires = handle.expires.as_millis().to_be_bytes();
        self.seal_handle(
            "device",
            &[handle.root.as_bytes(), handle.secret.as_bytes(), &expires],
        )
    }

    pub(super) fn open_device(&self, text: &str) -> Option<DeviceHandle> {
        let bytes = self.open_handle("device", text)?;
        let mut reader = Reader(&bytes);
        let root = Root::from_bytes(reader.take()?);
        let secret = Secret::from_bytes(reader.take()?);
        let expires = Timestamp::from_millis(i64::from_be_bytes(reader.take()?));
        reader.end(DeviceHandle {
            root,
            secret,
            expires,
        })
    }

    /// The same place in a family is always the same token, as two tabs may both be told.
    pub(super) fn seal_refresh(&self, handle: &RefreshHandle) -> String {
        let key = handle.key.as_ref().map(Thumbprint::as_bytes);
        let parts = [
            handle.root.as_bytes().as_slice(),
            handle.grant.as_bytes(),
            &handle.place.generation.to_be_bytes(),
            &handle.place.sequence.to_be_bytes(),
            &[u8::from(handle.offline)],
            key.map_or(&[], <[u8; 32]>::as_slice),
        ];
        self.sealer
            .seal_same_text(Purpose::Handle, b"refresh", &parts.concat())
    }

    pub(super) fn open_refresh(&self, text: &str) -> Option<RefreshHandle> {
        let bytes = self.open_handle("refresh", text)?;
        let mut reader = Reader(&bytes);
        let root = Root::from_bytes(reader.take()?);
        let grant = GrantId::from_bytes(reader.take()?);
        let generation = i64::from_be_bytes(reader.take()?);
        let sequence = u64::from_be_bytes(reader.take()?);
        let offline = reader.flag()?;
        let place = Place {
            generation,
            sequence,
        };
        let key = match reader.0 {
            [] => None,
            _ => Some(Thumbprint::from_bytes(reader.take()?)),
        };
        reader.end(RefreshHandle {
            root,
            grant,
            place,
            offline,
            key,
        })
    }

    /// An access token that only this house can read.
    pub(super) fn seal_opaque(&self, claims: &[u8]) -> String {
        self.seal_handle("opaque", &[claims])
    }

    pub(super) fn open_opaque(&self, text: &str) -> Option<Vec<u8>> {
        self.open_handle("opaque", text)
    }

    /// The `jti` of an access token.
    pub(super) fn seal_access(&self, handle: &AccessHandle) -> String {
        let offline = [u8::from(handle.offline)];
        let parts = [
            handle.root.as_bytes().as_slice(),
            handle.grant.as_bytes(),
            handle.token.as_bytes(),
            &offline,
        ];
        self.seal_handle("access", &parts)
    }

    /// The `jti` of a client's own access token.
    pub(super) fn seal_client_token(&self, handle: &ClientHandle) -> String {
        let parts = [
            handle.token.as_bytes().as_slice(),
            &handle.issued.as_millis().to_be_bytes(),
            handle.credential.as_bytes(),
        ];
        self.seal_handle("client token", &parts)
    }

    pub(super) fn open_client_token(&self, text: &str) -> Option<ClientHandle> {
        let bytes = self.open_handle("client token", text)?;
        let mut reader = Reader(&bytes);
        let token = TokenId::from_bytes(reader.take()?);
        let issued = Timestamp::from_millis(i64::from_be_bytes(reader.take()?));
        let credential = SecretHash::from_bytes(reader.take()?);
        reader.end(ClientHandle {
            token,
            issued,
            credential,
        })
    }

    pub(super) fn open_access(&self, text: &str) -> Option<AccessHandle> {
        let bytes = self.open_handle("access", text)?;
        let mut reader = Reader(&bytes);
        let root = Root::from_bytes(reader.take()?);
        let grant = GrantId::from_bytes(reader.take()?);
        let token = TokenId::from_bytes(reader.take()?);
        let offline = reader.flag()?;
        reader.end(AccessHandle {
            root,
            grant,
            token,
            offline,
        })
    }
}
