//! Named steps of what must not be torn: sign-in, join, code exchange, refresh, end, delivery.
//! Tests stop, delay or crash a node at one of them. Only builds with the feature `fail-points`
//! can: in every other this is nothing but the names.

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $name:literal,)*) => {
        /// A place between two effects.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FailPoint {
            $($(#[$doc])* $step,)*
        }

        impl FailPoint {
            /// All of them, in the order in which a session meets them.
            pub const ALL: &[Self] = &[$(Self::$step),*];

            /// What it is called in tests.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$step => $name,)*
                }
            }
        }
    };
}

steps! {
    /// The try is counted, the password not yet hashed.
    SignInCounted = "sign_in.counted",
    /// The session is in SQL, not yet in the hot state.
    SignInRecorded = "sign_in.recorded",
    /// The session is in both, the cookie not yet given.
    SignInPut = "sign_in.put",
    /// The participant is in SQL, the code not yet written.
    JoinRecorded = "join.recorded",
    /// Participant and code are written, the code not yet given.
    JoinCommitted = "join.committed",
    /// The code was read and judged, not yet redeemed.
    CodeRead = "code.read",
    /// The code is redeemed, the tokens not yet given.
    CodeCommitted = "code.committed",
    /// The refresh token was judged, not yet rotated.
    RefreshRead = "refresh.read",
    /// The family has moved on, the successor is not yet given.
    RefreshCommitted = "refresh.committed",
    /// The end is in SQL with its notices, no tombstone written.
    EndRecorded = "end.recorded",
    /// The tombstones are written, nobody answered.
    EndBuried = "end.buried",
    /// Rows of an end of very many are worked off, their hot copies not removed.
    MassBatchRecorded = "mass_batch.recorded",
    /// Ends were read in the log, their tombstones not yet written by this node.
    BurialDue = "burial.due",
    /// Something was written to the logs, the other nodes are not yet told.
    HintDue = "hint.due",
    /// A notice is leased, nothing done for it.
    DeliveryLeased = "delivery.leased",
    /// Its tombstone is written again, the notice not posted.
    DeliveryBuried = "delivery.buried",
    /// The notice is posted, the receipt not written.
    DeliveryPosted = "delivery.posted",
}

/// The places of one node.
#[derive(Clone, Debug, Default)]
pub struct FailPoints {
    #[cfg(feature = "fail-points")]
    set: std::sync::Arc<std::sync::Mutex<std::collections::HashMap<FailPoint, armed::Action>>>,
}

#[cfg(not(feature = "fail-points"))]
impl FailPoints {
    /// Nothing happens.
    #[expect(clippy::unused_async, reason = "in test builds it may wait")]
    pub(crate) async fn at(&self, _: FailPoint) {}
}

#[cfg(feature = "fail-points")]
mod armed;

#[cfg(feature = "fail-points")]
pub use armed::Action;
