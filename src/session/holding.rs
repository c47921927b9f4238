//! Who may use what is bound to a key (RFC 9449, 5 and 10): the rules of codes and refresh tokens.

use crate::protocol::jose::Thumbprint;
use crate::session::grant::Grant;

/// Why a key does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// None was proved, but one is demanded.
    Missing,
    /// Another one was proved.
    Other,
}

/// What is bound to a key is for whoever proves that key.
pub fn check_bound(
    bound: Option<Thumbprint>,
    proved: Option<Thumbprint>,
) -> Result<(), KeyProblem> {
    match (bound, proved) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(KeyProblem::Missing),
        (Some(bound), Some(proved)) if bound == proved => Ok(()),
        (Some(_), Some(_)) => Err(KeyProblem::Other),
    }
}

/// Judges the key of a refresh. A public client's refresh token is bound to its key, as nothing
/// else is its own. A confidential client is bound by its own proof, and may go on with another key
/// (RFC 9449, 5); but no grant that had bound tokens yields others again, or a thief could simply
/// leave the proof out.
pub fn check_refresh(
    grant: &Grant,
    public: bool,
    proved: Option<Thumbprint>,
) -> Result<(), KeyProblem> {
    match check_bound(grant.jkt, proved) {
        Err(KeyProblem::Other) if !public => Ok(()),
        judged => judged,
    }
}

/// Judges the key of one who is to have the same successor once more: it must be the key that the
/// successor is bound to, whoever asks.
pub fn check_same_successor(grant: &Grant, proved: Option<Thumbprint>) -> Result<(), KeyProblem> {
    match (grant.jkt, proved) {
        (None, Some(_)) => Err(KeyProblem::Other),
        (bound, proved) => check_bound(bound, proved),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Timestamp;
    use crate::entropy::{ClientId, Entropy, GrantId, SessionId, Sid, UserId};
    use crate::protocol::claims_request::ClaimsWanted;
    use crate::session::grant::Place;

    fn key(letter: char) -> Thumbprint {
        Thumbprint::parse(&format!("{}A", letter.to_string().repeat(42))).unwrap()
    }

    fn grant(jkt: Option<Thumbprint>) -> Grant {
        let entropy = Entropy::seeded(1);
        let now = Timestamp::from_secs(1_000_000);
        Grant {
            id: GrantId::random(&entropy),
            user: UserId::new("u_alice"),
            client: ClientId::new("wiki"),
            session: SessionId::random(&entropy),
            sid: Sid::new("sid"),
            scope: vec![],
            resources: vec![],
            claims: ClaimsWanted::default(),
            nonce: None,
            auth_time: now,
            acr: String::new(),
            amr: vec![],
            began: now,
            expires: now + Duration::from_hours(1),
            offline: false,
            refreshable: true,
            jkt,
            place: Place {
                generation: 1,
                sequence: 0,
            },
            previous: None,
            last_used: now,
        }
    }

    #[test]
    fn a_key_is_judged_by_what_it_is_for() {
        use KeyProblem::{Missing, Other};
        let (a, b) = (Some(key('a')), Some(key('b')));
        for (bound, proved, code, public, confidential, again) in [
            (None, None, Ok(()), Ok(()), Ok(()), Ok(())),
            (None, a, Ok(()), Ok(()), Ok(()), Err(Other)),
            (a, a, Ok(()), Ok(()), Ok(()), Ok(())),
            (a, b, Err(Other), Err(Other), Ok(()), Err(Other)),
            (
                a,
                None,
                Err(Missing),
                Err(Missing),
                Err(Missing),
                Err(Missing),
            ),
        ] {
            let case = format!("{bound:?} {proved:?}");
            let grant = grant(bound);
            assert_eq!(check_bound(bound, proved), code, "{case}");
            assert_eq!(check_refresh(&grant, true, proved), public, "{case}");
            assert_eq!(check_refresh(&grant, false, proved), confidential, "{case}");
            assert_eq!(check_same_successor(&grant, proved), again, "{case}");
        }
    }
}
