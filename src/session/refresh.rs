//! The rules of a refresh-token family (RFC 9700, 4.14). A token says its place; the grant keeps
//! only the current place and the one before, however often it rotates.

use crate::clock::Timestamp;
use crate::session::grant::{GRACE, Grant, Place};

/// What a presented refresh token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The current one: rotate.
    Rotate,
    /// The one before, just rotated: tabs race and answers get lost. The same successor again.
    SameSuccessor,
    /// From before the store lost its memory, and not behind what is known: ask the record
    /// whether the grant was ended; if not, accept once.
    AskRecord,
    /// Ahead of its document in the same generation: proof that the store lost writes. Raise the
    /// generation, then judge again.
    StoreLostWrites,
    /// Used before, or never given: end the grant.
    Reuse,
}

/// Judges a token's place against its grant. The order of the rules is their meaning.
pub fn judge(grant: &Grant, presented: Place, store_generation: i64, now: Timestamp) -> Verdict {
    if let Some((previous, rotated)) = grant.previous
        && previous == presented
        && now < rotated + GRACE
    {
        return Verdict::SameSuccessor;
    }
    if presented.generation == store_generation && presented > grant.place {
        return Verdict::StoreLostWrites;
    }
    if grant.place.generation < store_generation {
        return if presented >= grant.place {
            Verdict::AskRecord
        } else {
            Verdict::Reuse
        };
    }
    if presented == grant.place {
        Verdict::Rotate
    } else {
        Verdict::Reuse
    }
}

/// Moves the family on after `presented` was accepted.
pub fn rotate(grant: &mut Grant, presented: Place, store_generation: i64, now: Timestamp) {
    grant.previous = Some((presented, now));
    grant.place = Place {
        generation: store_generation,
        sequence: presented.sequence.saturating_add(1),
    };
    grant.last_used = now;
}

/// So often the record hears of refreshes, where it would otherwise hear of none.
const SLOT: i64 = 600_000;

/// Whether a rotation now would be the first since the grant began, or in ten minutes of the
/// clock. Told from the grant alone, so that nobody needs to remember what was noted.
pub fn is_first_of_slot(grant: &Grant, now: Timestamp) -> bool {
    let slot = |at: Timestamp| at.as_millis().div_euclid(SLOT);
    grant.previous.is_none() || slot(grant.last_used) != slot(now)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::entropy::{ClientId, Entropy, GrantId, SessionId, Sid, UserId};

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn place(generation: i64, sequence: u64) -> Place {
        Place {
            generation,
            sequence,
        }
    }

    fn grant(current: Place, previous: Option<(Place, Timestamp)>) -> Grant {
        let entropy = Entropy::seeded(1);
        Grant {
            id: GrantId::random(&entropy),
            user: UserId::new("u_alice"),
            client: ClientId::new("wiki"),
            session: SessionId::random(&entropy),
            sid: Sid::new("sid"),
            scope: vec![],
            resources: vec![],
            claims: crate::protocol::claims_request::ClaimsWanted::default(),
            nonce: None,
            auth_time: NOW,
            acr: String::new(),
            amr: vec![],
            began: NOW,
            expires: NOW + Duration::from_hours(1),
            offline: false,
            refreshable: true,
            jkt: None,
            place: current,
            previous,
            last_used: NOW,
        }
    }

    fn verdict(
        current: Place,
        previous: Option<(Place, Timestamp)>,
        presented: Place,
        store: i64,
    ) -> Verdict {
        judge(&grant(current, previous), presented, store, NOW)
    }

    #[test]
    fn within_one_generation() {
        let just = Some((place(5, 6), NOW - Duration::from_secs(9)));
        let long = Some((place(5, 6), NOW - Duration::from_secs(10)));
        for (previous, presented, expected) in [
            (None, 7, Verdict::Rotate),
            (just, 6, Verdict::SameSuccessor),
            (long, 6, Verdict::Reuse),
            (just, 5, Verdict::Reuse),
            (None, 8, Verdict::StoreLostWrites),
        ] {
            let judged = verdict(place(5, 7), previous, place(5, presented), 5);
            assert_eq!(judged, expected, "{previous:?} {presented}");
        }
    }

    #[test]
    fn across_generations() {
        let just = Some((place(5, 6), NOW - Duration::from_secs(9)));
        for (current, previous, presented, expected) in [
            (place(8, 7), just, place(5, 6), Verdict::SameSuccessor),
            (place(5, 7), None, place(5, 7), Verdict::AskRecord),
            (place(5, 7), None, place(5, 9), Verdict::AskRecord),
            (place(5, 7), None, place(5, 6), Verdict::Reuse),
            (place(8, 8), None, place(5, 9), Verdict::Reuse),
            (place(5, 7), None, place(8, 8), Verdict::StoreLostWrites),
        ] {
            let judged = verdict(current, previous, presented, 8);
            assert_eq!(judged, expected, "{current:?} {presented:?}");
        }
    }

    #[test]
    fn an_old_token_is_accepted_once_after_a_loss() {
        let mut grant = grant(place(5, 7), None);
        assert_eq!(judge(&grant, place(5, 9), 8, NOW), Verdict::AskRecord);
        rotate(&mut grant, place(5, 9), 8, NOW);
        assert_eq!(grant.place, place(8, 10));
        let later = NOW + Duration::from_mins(1);
        for old in [place(5, 7), place(5, 8), place(5, 9), place(5, 11)] {
            assert_eq!(judge(&grant, old, 8, later), Verdict::Reuse, "{old:?}");
        }
        assert_eq!(judge(&grant, place(8, 10), 8, later), Verdict::Rotate);
    }
}
