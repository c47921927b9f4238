//! What an authorization request needs next. One pure function; every page of a sign-in posts
//! back to the dispatcher that asks it again (`OpenID` Connect Core 1.0, 3.1.2.1 to 3.1.2.6).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::session::consent::Standing;

/// What the request demands.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a parameter of its own"
)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand<'a> {
    /// `prompt=none`: no page may be shown.
    pub silent: bool,
    /// `prompt=login`.
    pub login: bool,
    /// `prompt=consent`.
    pub consent: bool,
    /// `prompt=select_account`.
    pub select_account: bool,
    /// `max_age`, or the client's default.
    pub max_age: Option<Duration>,
    /// The person that a valid `id_token_hint` names.
    pub hinted: Option<&'a UserId>,
}

/// What is known.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The live session's person and `auth_time`.
    pub session: Option<(&'a UserId, Timestamp)>,
    /// What this interaction has seen already.
    pub progress: Progress,
    /// Where consent stands.
    pub consent: Standing,
    /// Somebody signed the client out of this session, and it has not come back since.
    pub signed_out: bool,
    /// Now.
    pub now: Timestamp,
}

/// What a person has already done in one interaction.
#[expect(clippy::struct_excessive_bools, reason = "each is a step of its own")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Progress {
    /// Proved who they are.
    pub signed_in: bool,
    /// Pressed "Allow".
    pub consented: bool,
    /// Chose the account they are signed in with.
    pub chosen: bool,
    /// Chose to use another account.
    pub switching: bool,
    /// Pressed "Continue" for an app that had been signed out of the session.
    #[serde(default)]
    pub resumed: bool,
}

impl Progress {
    /// Whether the person knows that the app is about to have them: each of these pages names it.
    pub const fn was_asked(self) -> bool {
        self.signed_in || self.consented || self.chosen || self.resumed
    }
}

/// What now?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody is signed in, or another person is wanted.
    SignIn,
    /// The person must prove again who they are.
    Reauthenticate,
    /// The person is asked which account to use.
    ChooseAccount,
    /// The person is asked for permission.
    Consent,
    /// The person is asked whether to go on to an app that was signed out of the session.
    Resume,
    /// Everything is there.
    Issue,
    /// The request can't be fulfilled.
    Refuse(Refused),
}

/// Why not (Core 1.0, 3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// `login_required`.
    LoginRequired,
    /// `consent_required`.
    ConsentRequired,
    /// `interaction_required`.
    InteractionRequired,
}

/// Decides. Under `prompt=none` a page becomes the error that names it.
pub fn decide(demand: &Demand<'_>, facts: &Facts<'_>) -> Decision {
    let next = wanted(demand, facts);
    if !demand.silent {
        return next;
    }
    match next {
        Decision::SignIn | Decision::Reauthenticate => Decision::Refuse(Refused::LoginRequired),
        Decision::Consent => Decision::Refuse(Refused::ConsentRequired),
        Decision::ChooseAccount | Decision::Resume => {
            Decision::Refuse(Refused::InteractionRequired)
        }
        Decision::Issue | Decision::Refuse(_) => next,
    }
}

fn wanted(demand: &Demand<'_>, facts: &Facts<'_>) -> Decision {
    let Some((person, auth_time)) = facts.session else {
        return Decision::SignIn;
    };
    let done = facts.progress;
    if demand.hinted.is_some_and(|hinted| hinted != person) {
        // The client wants one person and got another: it must not be handed the wrong one.
        return if done.signed_in {
            Decision::Refuse(Refused::LoginRequired)
        } else {
            Decision::SignIn
        };
    }
    if !done.signed_in {
        if done.switching {
            return Decision::SignIn;
        }
        if demand.select_account && !done.chosen {
            return Decision::ChooseAccount;
        }
        if demand.login || too_old(demand.max_age, auth_time, facts.now) {
            return Decision::Reauthenticate;
        }
    }
    if !done.consented && (demand.consent || facts.consent == Standing::Needed) {
        return Decision::Consent;
    }
    if facts.signed_out && !done.was_asked() {
        return Decision::Resume;
    }
    Decision::Issue
}

fn too_old(max_age: Option<Duration>, auth_time: Timestamp, now: Timestamp) -> bool {
    // Whole seconds, as `auth_time` is sent in them: 0 always means "now".
    max_age.is_some_and(|age| age.is_zero() || now.since(auth_time) > age)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn facts(person: Option<&UserId>, age: u64, progress: Progress) -> Facts<'_> {
        Facts {
            session: person.map(|person| (person, NOW - Duration::from_secs(age))),
            progress,
            consent: Standing::Settled,
            signed_out: false,
            now: NOW,
        }
    }

    fn both(demand: Demand<'_>, facts: &Facts<'_>) -> (Decision, Decision) {
        (
            decide(&demand, facts),
            decide(
                &Demand {
                    silent: true,
                    ..demand
                },
                facts,
            ),
        )
    }

    #[test]
    fn nobody_is_signed_in() {
        let facts = facts(None, 0, Progress::default());
        assert_eq!(
            both(Demand::default(), &facts),
            (Decision::SignIn, Decision::Refuse(Refused::LoginRequired))
        );
    }

    #[test]
    fn a_live_session_is_enough() {
        let alice = UserId::new("u_alice");
        let facts = facts(Some(&alice), 3_000, Progress::default());
        assert_eq!(
            both(Demand::default(), &facts),
            (Decision::Issue, Decision::Issue)
        );
    }

    #[test]
    fn demands_for_a_fresh_proof() {
        let alice = UserId::new("u_alice");
        let login = Demand {
            login: true,
            ..Demand::default()
        };
        let within = |seconds| Demand {
            max_age: Some(Duration::from_secs(seconds)),
            ..Demand::default()
        };
        let start = Progress::default();
        let fresh = Progress {
            signed_in: true,
            ..start
        };
        for (name, demand, age, progress, enough) in [
            ("login", login, 1, start, false),
            ("login done", login, 1, fresh, true),
            ("young", within(60), 60, start, true),
            ("old", within(60), 61, start, false),
            ("zero", within(0), 0, start, false),
            ("zero done", within(0), 0, fresh, true),
        ] {
            let expected = if enough {
                (Decision::Issue, Decision::Issue)
            } else {
                (
                    Decision::Reauthenticate,
                    Decision::Refuse(Refused::LoginRequired),
                )
            };
            assert_eq!(
                both(demand, &facts(Some(&alice), age, progress)),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn account_choice() {
        let alice = UserId::new("u_alice");
        let demand = Demand {
            select_account: true,
            ..Demand::default()
        };
        let start = Progress::default();
        assert_eq!(
            both(demand, &facts(Some(&alice), 1, start)),
            (
                Decision::ChooseAccount,
                Decision::Refuse(Refused::InteractionRequired)
            )
        );
        let chosen = Progress {
            chosen: true,
            ..start
        };
        assert_eq!(
            decide(&demand, &facts(Some(&alice), 1, chosen)),
            Decision::Issue
        );
        let switching = Progress {
            switching: true,
            ..start
        };
        assert_eq!(
            decide(&demand, &facts(Some(&alice), 1, switching)),
            Decision::SignIn
        );
        let switched = Progress {
            signed_in: true,
            ..switching
        };
        assert_eq!(
            decide(&demand, &facts(Some(&alice), 1, switched)),
            Decision::Issue
        );
    }

    #[test]
    fn a_hint_at_another_person_is_never_answered_with_this_one() {
        let (alice, bob) = (UserId::new("u_alice"), UserId::new("u_bob"));
        let demand = Demand {
            hinted: Some(&bob),
            ..Demand::default()
        };
        assert_eq!(
            both(demand, &facts(Some(&alice), 1, Progress::default())),
            (Decision::SignIn, Decision::Refuse(Refused::LoginRequired))
        );
        let fresh = Progress {
            signed_in: true,
            ..Progress::default()
        };
        assert_eq!(
            decide(&demand, &facts(Some(&alice), 1, fresh)),
            Decision::Refuse(Refused::LoginRequired)
        );
    }

    #[test]
    fn consent_is_asked_when_needed_or_demanded() {
        let alice = UserId::new("u_alice");
        let settled = facts(Some(&alice), 1, Progress::default());
        let needed = Facts {
            consent: Standing::Needed,
            ..settled
        };
        let demand = Demand {
            consent: true,
            ..Demand::default()
        };
        let asked = (
            Decision::Consent,
            Decision::Refuse(Refused::ConsentRequired),
        );
        assert_eq!(both(Demand::default(), &needed), asked);
        assert_eq!(both(demand, &settled), asked);
        let done = Progress {
            consented: true,
            ..Progress::default()
        };
        assert_eq!(
            decide(
                &demand,
                &Facts {
                    progress: done,
                    ..needed
                }
            ),
            Decision::Issue
        );
    }
    #[test]
    fn an_app_that_was_signed_out_asks_unless_the_person_was_asked_anyway() {
        let alice = UserId::new("u_alice");
        let start = Progress::default();
        let of = |progress| Facts {
            signed_out: true,
            ..facts(Some(&alice), 1, progress)
        };
        let asked = (
            Decision::Resume,
            Decision::Refuse(Refused::InteractionRequired),
        );
        assert_eq!(both(Demand::default(), &of(start)), asked);
        let switching = Progress {
            switching: true,
            ..start
        };
        assert!(!switching.was_asked(), "nothing was answered yet");
        for progress in [
            Progress {
                resumed: true,
                ..start
            },
            Progress {
                chosen: true,
                ..start
            },
            Progress {
                consented: true,
                ..start
            },
            Progress {
                signed_in: true,
                ..start
            },
        ] {
            let issued = (Decision::Issue, Decision::Issue);
            assert_eq!(both(Demand::default(), &of(progress)), issued);
        }
    }

    #[test]
    fn going_on_replaces_no_other_page() {
        let alice = UserId::new("u_alice");
        let resumed = Progress {
            resumed: true,
            ..Progress::default()
        };
        let needed = Facts {
            signed_out: true,
            consent: Standing::Needed,
            ..facts(Some(&alice), 100, resumed)
        };
        assert_eq!(decide(&Demand::default(), &needed), Decision::Consent);
        let login = Demand {
            login: true,
            ..Demand::default()
        };
        assert_eq!(decide(&login, &needed), Decision::Reauthenticate);
        // One page is enough: that of consent asks too.
        let start = Facts {
            progress: Progress::default(),
            ..needed
        };
        assert_eq!(decide(&Demand::default(), &start), Decision::Consent);
    }
}
