//! Redeeming a device code (RFC 8628, 3.4 and 3.5). An allowed one stands for an authorization
//! code of the person's session, and is redeemed as such: once, in a live session, by its client.

use super::Provider;
use super::device::Answered;
use super::token::{AskedTokens, TokenAnswer, invalid_grant};
use super::trouble::Trouble;
use crate::protocol::client::Client;
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::session::device_grant::Polled;

const UNKNOWN: &str = "the device_code is unknown, or was given to another client";

impl Provider {
    /// One question of a device: one read, and one commit while its person has not answered.
    pub(super) async fn redeem_device(
        &self,
        client: &Client,
        device_code: &str,
        asked: AskedTokens<'_>,
    ) -> Result<TokenAnswer, Trouble> {
        let Some(handle) = self.open_device(device_code) else {
            return Ok(invalid_grant(UNKNOWN));
        };
        if self.clock.now() >= handle.expires {
            return Ok(expired());
        }
        let Some((mut document, version)) = self.device_at(&handle.root).await? else {
            return Ok(expired());
        };
        let own = document.request.client_id == client.client_id;
        if !own || !document.secret.matches(&handle.secret.hash()) {
            return Ok(invalid_grant(UNKNOWN));
        }
        let (pace, polled) = document.pace.poll(self.clock.now());
        let slowed = pace != document.pace;
        document.pace = pace;
        match (&document.answer, polled) {
            (Answered::Denied(_), _) => Ok(refused(
                ErrorCode::AccessDenied,
                "the person did not allow it",
            )),
            // Told at once, even if it was asked too soon: there is nothing left to wait for.
            (Answered::Allowed(_, code), _) => {
                self.redeem_code(client, code, (None, None), asked).await
            }
            // Whoever lost a race lost it to the person's answer, or to a question of its own: the
            // next question tells.
            (Answered::NotYet | Answered::Allowing(_), Polled::InTime) => {
                self.save_device(&handle.root, &document, version).await?;
                let words = "the person has not answered yet";
                Ok(refused(ErrorCode::AuthorizationPending, words))
            }
            (Answered::NotYet | Answered::Allowing(_), Polled::TooSoon) => {
                if slowed {
                    self.save_device(&handle.root, &document, version).await?;
                }
                let words = "asked too soon: wait five seconds longer from now on";
                Ok(refused(ErrorCode::SlowDown, words))
            }
        }
    }
}

/// Also for a code that the store lost: a device that begins anew gets another one.
fn expired() -> TokenAnswer {
    refused(
        ErrorCode::ExpiredToken,
        "the device_code has expired: begin anew",
    )
}

fn refused(code: ErrorCode, words: &'static str) -> TokenAnswer {
    Err(ProtocolError::new(code, words))
}
