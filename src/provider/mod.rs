//! Use cases: what an endpoint, a page or a command asks for, in the order that keeps the
//! promises. Rules are asked in `protocol` and `session`; stores are reached through `store`.
//!
//! A route to read first: [`Provider::authorize`] -> `live` (the session, one hot read) ->
//! `session::decision` -> `issue` (one commit). And the other one that matters:
//! [`Provider::end`], the only way a session ends.

mod administration;
mod administrators;
mod anti_forgery;
mod app_admin;
mod audit;
mod audit_list;
mod authorize;
mod bearer;
mod browser_state;
mod burying;
mod client_assertions;
mod client_credentials;
mod client_keys;
mod client_secrets;
mod client_throttle;
mod compact;
mod device;
mod device_answer;
mod directory;
mod document_slots;
mod documents;
mod doors;
mod dpop;
mod end_session;
mod ends;
mod figures;
mod flush;
mod front_channel;
mod handles;
mod hashing;
mod hot_state;
mod interactions;
mod introspection;
mod issue;
mod key_keeper;
mod key_list;
mod keys;
mod live;
mod mass_ends;
mod metadata_documents;
mod new_password;
mod nodes;
mod notices;
mod offline;
mod overview;
mod own_password;
mod own_profile;
mod people;
mod people_admin;
mod pushed;
mod readiness;
mod receipt_watch;
mod receipts;
mod registration;
mod reload;
mod request_source;
mod revocation;
mod revoked;
mod sectors;
mod session_admin;
mod session_ends;
mod session_notes;
mod sessions;
mod settings;
mod setup;
mod sign_in;
mod steps;
mod stored;
mod subjects;
mod throttle;
mod token;
mod token_code;
mod token_device;
mod token_proof;
mod token_refresh;
mod trouble;
mod turns;
mod used_once;
mod userinfo;
mod warm;
mod workers;

use std::sync::{Arc, Weak};

use tokio::sync::Notify;

pub use administration::{
    Administered, CreatedClient, NewPerson, Refusal, UpdatedClient, merged, new_temporary_password,
};
pub use administrators::{Administrator, PROOF_WITHIN};
pub use audit_list::{AuditLine, AuditList, Party};
pub use authorize::{AuthorizeInput, Authorized, ErrorPage};
pub use bearer::BearerProblem;
pub use browser_state::{BrowserState, Held, Holding, Watched};
pub use client_keys::ClientKeyError;
pub use client_secrets::{give_secret, new_client_secret, new_secret};
pub use device::DeviceAnswer;
pub use device_answer::{DeviceAnswered, DeviceLook, DeviceQuestion};
pub use document_slots::DocumentReading;
pub use doors::Door;
pub use end_session::{EndSessionInput, EndSessionStep, LogoutChoice, LogoutQuestion, SignedOut};
pub use handles::{SessionCookie, StoredRequest, VIEW_LASTS, View};
pub use interactions::{Browser, EndedSession, InteractionCookie, Open, OwnPage, PageDue, Waiting};
pub use introspection::Introspection;
pub use key_keeper::{KeyKeeper, Rotated};
pub use key_list::KeyView;
pub use mass_ends::{CarriedOut, MassPlan, PLAN_FOR};
pub use metadata_documents::DocumentSettings;
pub use new_password::NewPasswordOutcome;
pub use own_password::{Others, PasswordChange, PasswordChanged};
pub use people::{AppView, DeviceView, Visitor};
pub use people_admin::{PersonDeed, PersonPlan, PersonView};
pub use readiness::Readiness;
pub use receipt_watch::{ReceiptNews, ReceiptWatch, Watching};
pub use receipts::{PartReceipt, ReceiptView, Receipts, Told};
pub use registration::{RegistrationCall, RegistrationSettings, Unregistered};
pub use session_admin::{
    AuditEntry, Channel, Counted, FailedAttempt, LiveCount, NoticeState, NoticeView, PartStory,
    SessionCursor, SessionList, SessionPage, SessionQuestion, SessionRow, SessionState,
    SessionStory, StoryApp, StoryView,
};
pub use session_ends::{AT_ONCE, Chosen, EndPlan, EndsMade, SessionReceipts};
pub use sessions::Ended;
pub use settings::{PasswordSettings, Settings};
pub use setup::{SetUp, SetupLinkDue};
pub use sign_in::{Credentials, SignInOutcome, SignInProblem};
pub use steps::Step;
pub use subjects::check_sector;
pub use token::{TokenAnswer, TokenInput};
pub use trouble::Trouble;
pub use used_once::Shares;
pub use userinfo::{Presentation, UserInfo};
pub use workers::Workers;

use crate::clock::Clock;
use crate::entropy::{Entropy, Root};
use crate::failpoint::FailPoints;
use crate::meters::Meters;
use crate::outbound::Outbound;
use crate::protocol::dpop::ProofFlaw;
use crate::session::ending::Reason;
use crate::store::hot::HotStore;
use crate::store::record::Record;
use crate::store::seal::Sealer;

/// Everything that use cases need, made once by `app`.
pub struct Provider {
    settings: Settings,
    clock: Clock,
    entropy: Entropy,
    hot: HotStore,
    bulk: HotStore,
    shares: Shares,
    record: Record,
    sealer: Sealer,
    outbound: Outbound,
    ends: ends::EndsMemory,
    directory: directory::Directory,
    keys: keys::Keys,
    hashing: hashing::Gate,
    client_keys: client_keys::ClientKeys,
    client_throttle: client_throttle::ClientThrottle,
    metadata_documents: document_slots::MetadataDocuments,
    flush: flush::Flush,
    audit: audit::Audit,
    reloads: reload::Flights,
    notices_due: Notify,
    mass_due: Notify,
    to_bury: Notify,
    turns: notices::Turns,
    watches: receipt_watch::Watches,
    revoked: revoked::RevokedTokens,
    live_counts: session_admin::LiveCounts,
    missing: nodes::Missing,
    hot_use: hot_state::HotUse,
    contended: turns::Queues<Root>,
    fail_points: FailPoints,
    meters: Meters,
    figures: figures::Kept,
    overview: overview::Figures,
    setup: setup::Setup,
    sectors: sectors::Sectors,
    questions: browser_state::Questions,
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
    /// What lies apart from it.
    pub shares: Shares,
    /// What remembers.
    pub record: Record,
    /// Encryption at rest.
    pub sealer: Sealer,
    /// The HTTP client.
    pub outbound: Outbound,
    /// What counts.
    pub meters: Meters,
}

impl Parts {
    /// Makes everything count in the counters of this house, and has a hot state of this process
    /// begin empty. Answers with the name of this node.
    async fn begin(&self) -> Result<String, Trouble> {
        self.record.report_to(self.meters.clone());
        self.hot.report_to(self.meters.clone());
        self.shares.report_to(&self.meters);
        self.meters.foresee_reasons(Reason::ALL.map(Reason::as_str));
        self.meters.foresee_proofs(dpop::REASONS);
        self.meters
            .foresee_proofs(ProofFlaw::ALL.map(ProofFlaw::as_str));
        let node = self.entropy.alphanumeric(8);
        if !self.hot.is_shared() {
            self.record.append_distrust(self.clock.now()).await?;
            self.record.release_leases(&node).await?;
        }
        Ok(node)
    }

    fn key_keeper(&self) -> KeyKeeper {
        let (record, sealer) = (self.record.clone(), self.sealer.clone());
        KeyKeeper::new(record, sealer, self.entropy.clone(), self.settings.keys)
            .with_algs(&self.settings.bounds.algs)
    }
}

impl Provider {
    /// Opens the house: loads or makes the signing keys, reads the window of the ends log, and
    /// compares the hot state with what the record knows of it. One in this process starts empty:
    /// the generation rises, and no other process can have leases.
    pub async fn open(parts: Parts) -> Result<Arc<Self>, Trouble> {
        let (node, keeper) = (parts.begin().await?, parts.key_keeper());
        let Parts {
            settings,
            clock,
            entropy,
            hot,
            shares,
            record,
            sealer,
            outbound,
            meters,
        } = parts;
        let ends = ends::EndsMemory::load(&record, clock.now()).await?;
        let keys = keys::Keys::load_or_make(keeper, clock.now()).await?;
        let directory = directory::Directory::new(&record, &settings).await?;
        let revoked = revoked::RevokedTokens::load(&record, clock.now()).await?;
        let hashing = hashing::Gate::new(&settings.password, &entropy, &meters)?;
        let provider = Arc::new_cyclic(|me| Self {
            client_keys: client_keys::ClientKeys::default(),
            client_throttle: client_throttle::ClientThrottle::default(),
            metadata_documents: document_slots::MetadataDocuments::of(settings.described_clients()),
            flush: flush::Flush::default(),
            audit: audit::Audit::default(),
            reloads: reload::Flights::default(),
            notices_due: Notify::new(),
            mass_due: Notify::new(),
            to_bury: Notify::new(),
            turns: notices::Turns::default(),
            watches: receipt_watch::Watches::default(),
            live_counts: session_admin::LiveCounts::default(),
            missing: nodes::Missing::default(),
            hot_use: hot_state::HotUse::default(),
            contended: turns::Queues::default(),
            fail_points: FailPoints::default(),
            figures: figures::Kept::default(),
            overview: overview::Figures::default(),
            setup: setup::Setup::default(),
            sectors: sectors::Sectors::default(),
            questions: browser_state::Questions::default(),
            meters,
            me: Weak::clone(me),
            bulk: hot.bulk(),
            revoked,
            shares,
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
        provider.open_hot_state().await.map(|()| provider)
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

    /// What lies apart from the hot state of sessions.
    pub fn shares(&self) -> &Shares {
        &self.shares
    }

    /// The counters of this house.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// A name for one request, to find its lines in the log by.
    pub fn new_request_id(&self) -> String {
        self.entropy.alphanumeric(20)
    }

    /// A short name for one problem, on the page and in the log: "7QK4-M2XD".
    pub fn new_reference(&self) -> String {
        let group = || self.entropy.alphanumeric(4).to_ascii_uppercase();
        format!("{}-{}", group(), group())
    }

    /// The published keys (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.held().set().jwks()
    }
}
