//! The token in every form of ours: proof that the page was made for this browser. It is derived
//! from what the browser holds, so nothing has to be stored for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Provider;
use super::handles::InteractionHandle;
use crate::entropy::{Secret, SecretHash, SessionId};
use crate::store::seal::Purpose;

impl Provider {
    /// For a page of an interaction. One that asks a person for something names their session, so
    /// that a page of one person never answers for another who signed in since.
    pub(super) fn interaction_token(
        &self,
        handle: &InteractionHandle,
        asked: Option<SessionId>,
    ) -> String {
        self.form_token(&interaction_parts(handle, asked.as_ref()))
    }

    pub(super) fn interaction_token_matches(
        &self,
        handle: &InteractionHandle,
        asked: Option<SessionId>,
        token: &str,
    ) -> bool {
        self.form_token_matches(&interaction_parts(handle, asked.as_ref()), token)
    }

    /// Bound to the session, not to its secret: a form that stands open in another tab outlives a
    /// re-authentication.
    pub fn session_token(&self, session: SessionId) -> String {
        self.form_token(&[b"session", session.as_bytes()])
    }

    /// Whether a form of a signed-in person carries its token.
    pub fn session_token_matches(&self, session: SessionId, token: &str) -> bool {
        self.form_token_matches(&[b"session", session.as_bytes()], token)
    }

    /// For the page that makes the first administrator: bound to the token of its link.
    pub fn setup_token(&self, secret: &Secret) -> String {
        self.form_token(&[b"setup", secret.as_bytes()])
    }

    /// Whether that page's form carries its token.
    pub fn setup_token_matches(&self, secret: &Secret, token: &str) -> bool {
        self.form_token_matches(&[b"setup", secret.as_bytes()], token)
    }

    /// For the page that asks a person about a device.
    pub(super) fn device_form_token(&self, session: SessionId, device: &SecretHash) -> String {
        self.form_token(&[b"device", session.as_bytes(), device.as_bytes()])
    }

    /// Whether that page's form carries its token.
    pub(super) fn device_form_matches(
        &self,
        session: SessionId,
        device: &SecretHash,
        token: &str,
    ) -> bool {
        let parts: [&[u8]; 3] = [b"device", session.as_bytes(), device.as_bytes()];
        self.form_token_matches(&parts, token)
    }

    fn form_token(&self, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.sealer.tag(Purpose::AntiForgery, parts))
    }

    fn form_token_matches(&self, parts: &[&[u8]], token: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(token)
            .is_ok_and(|tag| self.sealer.verify_tag(Purpose::AntiForgery, parts, &tag))
    }
}

fn interaction_parts<'a>(
    handle: &'a InteractionHandle,
    asked: Option<&'a SessionId>,
) -> [&'a [u8]; 4] {
    let asked: &[u8] = asked.map_or(&[], |session| session.as_bytes());
    [
        b"interaction",
        handle.root.as_bytes(),
        handle.secret.as_bytes(),
        asked,
    ]
}
