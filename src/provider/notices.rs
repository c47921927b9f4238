//! The delivery worker: leases due notices, mints a fresh logout token for each attempt, posts it,
//! writes the receipt. Killing the process at any point loses none (Back-Channel Logout 1.0, 2.5).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use url::Url;

use super::Provider;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::failpoint::FailPoint;
use crate::meters::NoticeResult;
use crate::outbound::{OutboundError, Refusal, Reply};
use crate::protocol::client::Client;
use crate::protocol::logout_token::LogoutTokenClaims;
use crate::store::record::{DueNotice, Places, Receipt};

/// How long a worker may hold a notice: longer than its turns and any attempt can take, as
/// `delivery.timeout` is a minute at most.
const LEASE: Duration = Duration::from_mins(2);
/// How long an attempt may wait for its turn at a host. With the time limit of the attempt itself
/// it must stay well below the lease.
const WAIT: Duration = Duration::from_secs(15);
/// Attempts that ask the stores at a time, before they wait for their turn at a host: whoever
/// signs in wants the stores too.
const PREPARED_AT_A_TIME: usize = 32;
/// Attempts that run at a time, over all receivers.
const AT_A_TIME: usize = 32;
/// Attempts that run at a time to one host.
const AT_ONE_HOST: usize = 4;
/// Notices leased and not settled yet, waiting or under way.
pub(super) const IN_HAND: usize = 384;
/// Of these, for one client: so many that its host is never idle while the next are leased and
/// prepared, and so few that an app that hangs does not fill the hands, and is asked within
/// [`WAIT`] if each attempt takes the usual five seconds.
const IN_HAND_OF_ONE: i64 = 12;
/// The first retry comes after about this; each further one after twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_hours(1);

/// What an attempt means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Attempt {
    Delivered(u16),
    /// The receiver says that the token is wrong: repeating it is of no use.
    Refused(u16),
    Failed {
        status: Option<u16>,
        problem: String,
        /// How long it wants to be left alone.
        wait: Duration,
    },
}

impl Attempt {
    const fn failed(problem: String) -> Self {
        Self::Failed {
            status: None,
            problem,
            wait: Duration::ZERO,
        }
    }
}

/// 200 and 204 are done, 400 is the receiver's refusal (Back-Channel Logout 1.0, 2.8).
fn judge(outcome: Result<Reply, OutboundError>) -> Attempt {
    match outcome {
        Ok(reply) => match reply.status {
            status @ (200 | 204) => Attempt::Delivered(status),
            400 => Attempt::Refused(400),
            status => Attempt::Failed {
                status: Some(status),
                problem: format!("the app answered {status}"),
                wait: reply.retry_after.unwrap_or_default(),
            },
        },
        Err(error) => Attempt::failed(error.to_string()),
    }
}

/// Exponential, with a jitter of a quarter either way, so that an app that comes back is not met
/// by everything at once.
fn pause(attempt: i64, jitter: f64) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1))
        .unwrap_or(0)
        .min(20);
    let pause = FIRST_RETRY
        .saturating_mul(1 << doublings)
        .min(LONGEST_RETRY);
    pause.mul_f64(0.75 + jitter / 2.0)
}

/// Who may post now: so many over all, and so many to one host, so that one app that hangs cannot
/// keep the others from being told.
#[derive(Debug)]
pub(super) struct Turns {
    preparing: Semaphore,
    all: Semaphore,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            preparing: Semaphore::new(PREPARED_AT_A_TIME),
            all: Semaphore::new(AT_A_TIME),
            hosts: Mutex::default(),
        }
    }
}

impl Turns {
    /// A turn at this host and one of all; none if that takes too long for the lease.
    async fn take(&self, uri: &str) -> Option<(OwnedSemaphorePermit, SemaphorePermit<'_>)> {
        let host = self.host(uri);
        let both = async {
            Some((
                host.acquire_owned().await.ok()?,
                self.all.acquire().await.ok()?,
            ))
        };
        tokio::time::timeout(WAIT, both).await.ok().flatten()
    }

    fn host(&self, uri: &str) -> Arc<Semaphore> {
        let host = Url::parse(uri).map(|url| url.origin().ascii_serialization());
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody waits for a host that is not busy: it need not be remembered.
        hosts.retain(|_, turns| Arc::strong_count(turns) > 1);
        let turns = hosts
            .entry(host.unwrap_or_default())
            .or_insert_with(|| Arc::new(Semaphore::new(AT_ONE_HOST)));
        Arc::clone(turns)
    }
}

impl Provider {
    /// Leases at most `room` notices that are due now.
    pub(super) async fn lease_due(&self, room: usize) -> Result<Vec<DueNotice>, Trouble> {
        let now = self.clock.now();
        let places = Places {
            free: i64::try_from(room).unwrap_or(i64::MAX),
            per_client: IN_HAND_OF_ONE,
        };
        Ok(self
            .record
            .lease(&self.node, now, places, now + LEASE)
            .await?)
    }

    /// One attempt, and its receipt. Where a store is in the way the notice is due again at once,
    /// rather than when its lease is over.
    pub(super) async fn deliver(&self, notice: DueNotice) -> Result<(), Trouble> {
        let result = self.attempt(&notice).await;
        if let Err(trouble) = &result {
            let now = self.clock.now();
            let again = Receipt::Retry {
                next: now + FIRST_RETRY,
                status: None,
                problem: format!("not tried: {trouble}"),
            };
            self.record.receipt(&notice.id, again, now).await?;
            self.watches.written(notice.session);
        }
        result
    }

    async fn attempt(&self, notice: &DueNotice) -> Result<(), Trouble> {
        self.fail_points.at(FailPoint::DeliveryLeased).await;
        self.put_in_force(notice).await?;
        self.fail_points.at(FailPoint::DeliveryBuried).await;
        let client = self.client(&notice.client).await?;
        let uri = client
            .as_ref()
            .and_then(|client| client.backchannel_logout_uri.clone());
        let attempt = match (&client, uri) {
            (Some(client), Some(uri)) => {
                self.meters.notice_tried(notice.client.as_str());
                self.post(client, &uri, notice).await?
            }
            _ => Attempt::failed("the app has no back-channel logout URI any more".to_owned()),
        };
        self.fail_points.at(FailPoint::DeliveryPosted).await;
        let receipt = self.receipt(notice, attempt);
        let result = result(&receipt);
        let alarm = alarm(&receipt);
        let written = self
            .record
            .receipt(&notice.id, receipt, self.clock.now())
            .await?;
        self.watches.written(notice.session);
        if written && let Some((action, problem)) = alarm {
            tracing::warn!(client = %notice.client, problem, action, "an app was not told of an end");
        }
        self.meters.notice(notice.client.as_str(), result);
        Ok(())
    }

    /// The tombstone again, harmless: nobody may hear of an end that is not in force.
    async fn put_in_force(&self, notice: &DueNotice) -> Result<(), Trouble> {
        // It is never closed.
        let _turn = self.turns.preparing.acquire().await.ok();
        let store = &self.bulk;
        self.bury_participant(store, notice.session, &notice.client, &notice.sid)
            .await?;
        if self.record.session_over(notice.session).await? {
            self.bury_session(store, notice.session).await?;
        }
        Ok(())
    }

    async fn post(
        &self,
        client: &Client,
        uri: &str,
        notice: &DueNotice,
    ) -> Result<Attempt, Trouble> {
        let Some(_turns) = self.turns.take(uri).await else {
            let problem = "the app is slow; other notices to it are under way".to_owned();
            return Ok(Attempt::failed(problem));
        };
        let subject = self.subject_for(client, &notice.user);
        // The `sid` says enough to a client that has no names for people yet.
        let whole = !client.is_without_names() && self.whole_person(notice).await?;
        let claims = LogoutTokenClaims {
            issuer: &self.settings.issuer,
            client_id: &client.client_id,
            issued: self.clock.now(),
            jti: &self.entropy.alphanumeric(24),
            sid: &notice.sid,
            subject: whole.then_some(&subject),
        };
        let key = self.signing_key(client.id_token_signed_response_alg)?;
        let token = claims
            .sign(&key)
            .map_err(|error| Trouble::Internal(error.to_string()))?;
        let trust = self.trust_in(client, uri);
        let reply = self
            .outbound
            .post_form(trust, uri, &[("logout_token", &token)])
            .await;
        if let Err(OutboundError::Refused(refusal)) = &reply {
            self.blocked(notice, *refusal);
        }
        Ok(judge(reply))
    }

    /// The operator's own guard is in the way: only they can mend it, so it is said at once.
    fn blocked(&self, notice: &DueNotice, refusal: Refusal) {
        self.meters.notice_blocked(notice.client.as_str());
        if notice.attempt == 1 {
            let client = &notice.client;
            tracing::warn!(%client, %refusal, "the address guard keeps an app from being told");
        }
    }

    /// Whether `sub` may go along: only if every session of the person ended, and none began
    /// since. A common client library ends all it knows of them on seeing it.
    async fn whole_person(&self, notice: &DueNotice) -> Result<bool, Trouble> {
        if !notice.include_sub {
            return Ok(false);
        }
        let live = self
            .record
            .sessions_of(&notice.user, self.clock.now())
            .await?;
        Ok(live.is_empty())
    }

    fn receipt(&self, notice: &DueNotice, attempt: Attempt) -> Receipt {
        let now = self.clock.now();
        match attempt {
            Attempt::Delivered(status) => Receipt::Delivered { status },
            Attempt::Refused(status) => Receipt::Refused { status },
            Attempt::Failed {
                status,
                problem,
                wait,
            } => {
                // Asked for more than our longest pause, an end would be told too late.
                let wait = wait.min(LONGEST_RETRY);
                let pause = pause(notice.attempt, self.entropy.unit()).max(wait);
                let next: Timestamp = now + pause;
                if next >= notice.created + self.settings.give_up_after {
                    Receipt::GaveUp { status, problem }
                } else {
                    Receipt::Retry {
                        next,
                        status,
                        problem,
                    }
                }
            }
        }
    }
}

/// An app that is never told of an end is something that somebody must look at.
fn alarm(receipt: &Receipt) -> Option<(&'static str, String)> {
    let problem = match receipt {
        Receipt::GaveUp { problem, .. } => problem.as_str(),
        _ => "the app refused the logout token",
    };
    Some((receipt.alarm()?.as_str(), problem.to_owned()))
}

const fn result(receipt: &Receipt) -> NoticeResult {
    match receipt {
        Receipt::Delivered { .. } => NoticeResult::Delivered,
        Receipt::Retry { .. } => NoticeResult::Retried,
        Receipt::Refused { .. } => NoticeResult::Refused,
        Receipt::GaveUp { .. } => NoticeResult::GivenUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16) -> Reply {
        Reply {
            status,
            elapsed: Duration::ZERO,
            retry_after: Some(Duration::from_secs(7)),
        }
    }

    #[test]
    fn only_a_clear_yes_is_delivered_and_only_400_is_final() {
        assert_eq!(judge(Ok(reply(200))), Attempt::Delivered(200));
        assert_eq!(judge(Ok(reply(204))), Attempt::Delivered(204));
        assert_eq!(judge(Ok(reply(400))), Attempt::Refused(400));
        for status in [201, 302, 401, 404, 429, 500, 501, 503] {
            let failed = Attempt::Failed {
                status: Some(status),
                problem: format!("the app answered {status}"),
                wait: Duration::from_secs(7),
            };
            assert_eq!(judge(Ok(reply(status))), failed);
        }
        assert!(matches!(
            judge(Err(OutboundError::Timeout)),
            Attempt::Failed { status: None, .. }
        ));
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!(pause(1, 0.5), Duration::from_secs(1));
        assert_eq!(pause(2, 0.5), Duration::from_secs(2));
        assert_eq!(pause(6, 0.5), Duration::from_secs(32));
        assert_eq!(pause(60, 0.5), LONGEST_RETRY);
        assert!(pause(5, 0.0) < pause(5, 0.99));
    }
}
