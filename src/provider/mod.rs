//! Use cases: what an endpoint, a page or a command asks for, in the order that keeps the
//! promises. Rules are asked in `protocol` and `session`; stores are reached through `store`.
//!
//! A route to read first: [`Provider::authorize`] -> `live` (the session, one hot read) ->
//! `session::decision` -> `issue` (one commit). And the other one that matters:
//! [`Provider::end`], the only way a session ends.

mod anti_forgery;
mod audit;
mod authorize;
mod bearer;
mod client_throttle;
mod compact;
mod directory;
mod documents;
mod end_session;
mod ends;
mod flush;
mod handles;
mod hashing;
mod interactions;
mod introspection;
mod issue;
mod keys;
mod live;
mod nodes;
mod notices;
mod offline;
mod overview;
mod people;
mod receipts;
mod reload;
mod revocation;
mod revoked;
mod sessions;
mod settings;
mod sign_in;
mod steps;
mod stored;
mod throttle;
mod token;
mod token_code;
mod token_refresh;
mod trouble;
mod turns;
mod userinfo;
mod workers;

use std::sync::{Arc, Weak};

use tokio::sync::Notify;

pub use authorize::{AuthorizeInput, Authorized, ErrorPage};
pub use bearer::BearerProblem;
pub use end_session::{EndSessionInput, EndSessionStep, LogoutQuestion, SignedOut};
pub use handles::{SessionCookie, StoredRequest};
pub use interactions::{Browser, EndedSession, InteractionCookie, Open, PageDue, Waiting};
pub use people::{AppView, DeviceView, Visitor};
pub use receipts::{ReceiptView, Receipts, Told};
pub use sessions::Ended;
pub use settings::{PasswordSettings, Settings};
pub use sign_in::{Credentials, SignInOutcome, SignInProblem};
pub use steps::Step;
pub use token::{TokenAnswer, TokenInput};
pub use trouble::Trouble;
pub use workers::Workers;

use crate::clock::Clock;
use crate::entropy::{Entropy, Root};
use crate::failpoint::FailPoints;
use crate::outbound::Outbound;
use crate::store::hot::HotStore;
use crate::store::record::Record;
use crate::store::seal::Sealer;

/// Everything that use cases need, made once by `app`.
pub struct Provider {
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    hot: HotStore,
    waiting: HotStore,
    record: Record,
    sealer: Sealer,
    outbound: Outbound,
    ends: ends::EndsMemory,
    directory: directory::Directory,
    keys: keys::Keys,
    hashing: hashing::Gate,
    client_throttle: client_throttle::ClientThrottle,
    flush: flush::Flush,
    audit: audit::Audit,
    reloads: reload::Flights,
    notices_due: Notify,
    turns: notices::Turns,
    revoked: revoked::RevokedTokens,
    missing: nodes::Missing,
    contended: turns::Queues<Root>,
    fail_points: FailPoints,
    figures: overview::Figures,
    me: Weak<Self>,
    node: String,
}

/// The parts that `app` hands over.
pub struct Parts {
    /// What the configuration says.
    pub settings: Settings,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// What is quick.
    pub hot: HotStore,
    /// The same for what anybody may store (interactions, requests that wait): a share of its
    /// own, so that a flood of these pushes out no session.
    pub waiting: HotStore,
    /// What remembers.
    pub record: Record,
    /// Encryption at rest.
    pub sealer: Sealer,
    /// The HTTP client.
    pub outbound: Outbound,
}

impl Provider {
    /// Opens the house: loads or makes the signing keys, reads the window of the ends log, and
    /// compares the hot state with what the record knows of it. One in this process starts empty:
    /// the generation rises, and no other process can have leases.
    pub async fn open(parts: Parts) -> Result<Arc<Self>, Trouble> {
        let Parts {
            settings,
            clock,
            entropy,
            hot,
            waiting,
            record,
            sealer,
            outbound,
        } = parts;
        let now = clock.now();
        let node = entropy.alphanumeric(8);
        if !hot.is_shared() {
            record.append_distrust(now).await?;
            record.release_leases(&node).await?;
        }
        let ends = ends::EndsMemory::load(&record, now).await?;
        let keys = keys::Keys::load_or_make(&record, &sealer, &entropy, now).await?;
        let directory = directory::Directory::new(&record).await?;
        let revoked = revoked::RevokedTokens::load(&record, now).await?;
        let hashing = hashing::Gate::new(&settings.password, &entropy)?;
        let provider = Arc::new_cyclic(|me| Self {
            client_throttle: client_throttle::ClientThrottle::default(),
            flush: flush::Flush::default(),
            audit: audit::Audit::default(),
            reloads: reload::Flights::default(),
            notices_due: Notify::new(),
            turns: notices::Turns::default(),
            missing: nodes::Missing::default(),
            contended: turns::Queues::default(),
            fail_points: FailPoints::default(),
            figures: overview::Figures::default(),
            me: Weak::clone(me),
            revoked,
            waiting,
            settings,
            clock,
            entropy,
            hot,
            record,
            sealer,
            outbound,
            ends,
            directory,
            keys,
            hashing,
            node,
        });
        let doorkeeper = nodes::Doorkeeper(Arc::downgrade(&provider));
        provider.hot.open(Arc::new(doorkeeper)).await?;
        Ok(provider)
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock that this house goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The record, for lists and counts.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Where tests stop, delay or crash this node.
    #[cfg(feature = "fail-points")]
    pub fn fail_points(&self) -> &FailPoints {
        &self.fail_points
    }

    /// The hot state, for its meter.
    pub fn hot(&self) -> &HotStore {
        &self.hot
    }

    /// Whether this node can judge sessions now.
    pub async fn ready(&self) -> Result<(), Trouble> {
        self.demand_fresh_ends()?;
        self.record.changes_head().await?;
        self.hot.lives(&self.node).await?;
        Ok(())
    }

    /// A short name for one problem, on the page and in the log: "7QK4-M2XD".
    pub fn new_reference(&self) -> String {
        let group = || self.entropy.alphanumeric(4).to_ascii_uppercase();
        format!("{}-{}", group(), group())
    }

    /// The published keys (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.current().jwks()
    }
}
