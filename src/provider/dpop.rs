//! Proofs of possession at our own doors (RFC 9449): the rules are `protocol::dpop`'s; here is what
//! needs the house: that the nonce is one of ours, and that each proof is taken once.
//!
//! **Nonces** (8) are sealed, so that every node knows those of the others and none is kept. They
//! bear the generation of the hot state too: where that may have forgotten which proofs were used,
//! all nonces of before are worth nothing, and with them the proofs.

use std::time::Duration;

use super::Provider;
use super::documents;
use super::trouble::Trouble;
use super::used_once::Use;
use crate::clock::Timestamp;
use crate::entropy::{Root, sha256};
use crate::protocol::dpop::{self, Expect, Proof, ProofFlaw, ProofHeader, SKEW};
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::jose::Thumbprint;
use crate::session::holding::KeyProblem;
use crate::store::hot::HotStore;

/// How long a nonce is good.
const NONCE_LASTS: Duration = Duration::from_mins(5);
/// From when on a good answer brings the next one, so that no request need fail for its age.
const NONCE_AGES: Duration = Duration::from_mins(2);

/// Why a request is refused whose proof keeps the rules: `nonce`, or another `key` than is meant.
pub(super) const REASONS: [&str; 2] = [NONCE, KEY];
const NONCE: &str = "nonce";
const KEY: &str = "key";

/// What a nonce says: when it was given, and as of which generation of the hot state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonce {
    pub(super) given: Timestamp,
    pub(super) generation: i64,
}

/// Where a proof is shown: `htm`, `htu` below the issuer, and `ath`.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) access_token: Option<&'a str>,
}

impl At<'static> {
    pub(super) const fn post(path: &'static str) -> Self {
        Self {
            method: "POST",
            path,
            access_token: None,
        }
    }
}

/// A good proof. Until it was taken, it may have been used before.
pub(super) struct Shown {
    proof: Proof,
    nonce: Option<Nonce>,
}

impl Shown {
    /// The key that was proved.
    pub(super) const fn key(&self) -> Thumbprint {
        self.proof.key
    }

    /// Where its mark lies: names of different keys never meet.
    fn root(&self) -> Root {
        let named = format!("proof {} {}", self.proof.key, self.proof.jti);
        let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(named.as_bytes());
        Root::from_bytes(head)
    }
}

impl Provider {
    /// The proof that came, if one did: everything about it is right, but that it may have been
    /// used before.
    pub(super) fn read_proof(
        &self,
        header: &ProofHeader,
        at: At<'_>,
    ) -> Result<Option<Shown>, ProtocolError> {
        let proof = match header {
            ProofHeader::Absent => return Ok(None),
            ProofHeader::Unusable => return Err(self.unproved(ProofFlaw::NotOne)),
            ProofHeader::One(proof) => proof,
        };
        let expect = Expect {
            method: at.method,
            target: &format!("{}{}", self.settings.issuer, at.path),
            access_token: at.access_token,
            now: self.clock.now(),
        };
        let proof = dpop::read(proof, expect).map_err(|flaw| self.unproved(flaw))?;
        if self.settings.features.dpop_without_nonce {
            return Ok(Some(Shown { proof, nonce: None }));
        }
        let nonce = proof
            .nonce
            .as_deref()
            .and_then(|text| self.open_nonce(text));
        match nonce.filter(|nonce| self.is_good(nonce)) {
            Some(nonce) => Ok(Some(Shown {
                proof,
                nonce: Some(nonce),
            })),
            None => Err(self.without_nonce()),
        }
    }

    fn is_good(&self, nonce: &Nonce) -> bool {
        let now = self.clock.now();
        let in_time = nonce.given <= now + SKEW && now < nonce.given + NONCE_LASTS;
        in_time && nonce.generation >= self.ends.generation()
    }

    /// Marks a proof as used (RFC 9449, 11.1).
    pub(super) async fn take_proof(
        &self,
        shown: &Shown,
    ) -> Result<Result<(), ProtocolError>, Trouble> {
        let taken = self.mark(&self.shares.used_proofs, shown).await?;
        Ok(self.first_taken(shown, taken))
    }

    /// The same among what anybody may store, where anybody may push it out: to push a request is
    /// to get nothing.
    pub(super) async fn take_waiting_proof(
        &self,
        shown: &Shown,
    ) -> Result<Result<(), ProtocolError>, Trouble> {
        let taken = match self.mark(&self.shares.waiting, shown).await? {
            Use::Unknown => Use::First,
            known => known,
        };
        Ok(self.first_taken(shown, taken))
    }

    async fn mark(&self, share: &HotStore, shown: &Shown) -> Result<Use, Trouble> {
        let root = shown.root();
        let mark = (&root, documents::used_proof());
        self.use_once(share, mark, shown.proof.expires).await
    }

    fn first_taken(&self, shown: &Shown, taken: Use) -> Result<(), ProtocolError> {
        match (taken, &shown.nonce) {
            (Use::Another, _) => Err(self.unproved(ProofFlaw::Replayed)),
            (Use::Unknown, Some(_)) => Err(self.without_nonce()),
            (Use::Unknown, None) => Err(self.unproved(ProofFlaw::TooOld)),
            // The first call to a store that may have forgotten is what raises the generation.
            (Use::First, Some(nonce)) if !self.is_good(nonce) => Err(self.without_nonce()),
            (Use::First, _) => Ok(()),
        }
    }

    /// A nonce for the client's next proof, if the one that it used will not do for long.
    pub(super) fn next_nonce(&self, shown: Option<&Shown>) -> Option<String> {
        let used = shown?.nonce?;
        let ages = self.clock.now() >= used.given + NONCE_AGES;
        ages.then(|| self.new_nonce())
    }

    fn new_nonce(&self) -> String {
        self.seal_nonce(Nonce {
            given: self.clock.now(),
            generation: self.ends.generation(),
        })
    }

    /// `invalid_dpop_proof`. It says what is wrong, as whoever made the proof knows all of it.
    pub(super) fn unproved(&self, flaw: ProofFlaw) -> ProtocolError {
        self.meters.proof_refused(flaw.as_str());
        tracing::info!(why = flaw.as_str(), "a DPoP proof was refused");
        let error = ProtocolError::new(ErrorCode::InvalidDpopProof, flaw.to_string());
        let demanded = !self.settings.features.dpop_without_nonce;
        error.with_dpop_nonce(demanded.then(|| self.new_nonce()))
    }

    /// `use_dpop_nonce`: it is what every first proof hears, and so no matter for the log.
    fn without_nonce(&self) -> ProtocolError {
        self.meters.proof_refused(NONCE);
        let words = "make a DPoP proof with the nonce in the DPoP-Nonce header";
        ProtocolError::new(ErrorCode::UseDpopNonce, words).with_dpop_nonce(Some(self.new_nonce()))
    }

    /// What is bound to a key came with another one, or with none.
    pub(super) fn another_key(&self, code: ErrorCode, words: &'static str) -> ProtocolError {
        self.meters.proof_refused(KEY);
        tracing::info!(why = KEY, "a DPoP proof was refused");
        ProtocolError::new(code, words)
    }

    /// The answer to one who does not hold what a code or a refresh token is bound to.
    pub(super) fn not_the_holder(&self, problem: KeyProblem) -> ProtocolError {
        match problem {
            KeyProblem::Missing => self.unproved(ProofFlaw::Missing),
            KeyProblem::Other => {
                let words = "the DPoP proof is by another key than what it is for";
                self.another_key(ErrorCode::InvalidGrant, words)
            }
        }
    }
}
