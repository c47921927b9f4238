use proptest::prelude::*;
use serde_json::json;

use super::EndSessionDecision::{AlreadyOut, LogOut, LogOutClient};
use super::*;
use crate::protocol::client_metadata;

const BYE: &str = "https://wiki.example.com/bye?x=1";

fn wiki() -> Client {
    let metadata = json!({
        "redirect_uris": ["https://wiki.example.com/cb"],
        "post_logout_redirect_uris": [BYE],
    });
    client_metadata::parse(&metadata, ClientId::new("wiki")).unwrap()
}

fn hint(sub: &str, sid: Option<&str>) -> Hint {
    Hint::Valid {
        client_id: ClientId::new("wiki"),
        sub: UserId::new(sub),
        sid: sid.map(Sid::new),
    }
}

fn request(query: &str) -> EndSessionRequest {
    EndSessionRequest::from_params(&Params::parse(query).unwrap()).unwrap()
}

/// Decides with alice's session, whose participants are `s1` and `s2`, or with none.
fn decide(query: &str, hint: &Hint, client: Option<&Client>, live: bool) -> EndSessionDecision {
    decide_in(query, hint, client, live.then_some(true))
}

/// The same; whether the client takes part in the session, if there is one.
fn decide_in(
    query: &str,
    hint: &Hint,
    client: Option<&Client>,
    takes_part: Option<bool>,
) -> EndSessionDecision {
    let sub = UserId::new("u_alice");
    let sids = [Sid::new("s1"), Sid::new("s2")];
    let session = takes_part.map(|takes_part| LiveSession {
        sub: &sub,
        sids: &sids,
        takes_part,
    });
    request(query).decide(Facts {
        hint,
        client,
        session,
    })
}

const fn ask(return_to: Option<String>) -> EndSessionDecision {
    EndSessionDecision::Ask {
        return_to,
        offer_client: false,
    }
}

fn reaching(logout_scope: LogoutScope) -> Client {
    Client {
        logout_scope,
        ..wiki()
    }
}

fn with_uri(rest: &str) -> String {
    format!("post_logout_redirect_uri=https%3A%2F%2Fwiki.example.com%2Fbye%3Fx%3D1{rest}")
}

#[test]
fn what_is_wrong_never_leads_back() {
    let wiki = wiki();
    let off = Client {
        enabled: false,
        ..wiki.clone()
    };
    let shop = Client {
        client_id: ClientId::new("shop"),
        ..wiki.clone()
    };
    let good = hint("u_alice", Some("s1"));
    let none = Hint::None;
    let evil = "post_logout_redirect_uri=https://evil.example/";
    let script = "post_logout_redirect_uri=javascript:alert(1)";
    let prefix = "post_logout_redirect_uri=https://wiki.example.com/bye";
    let uri = with_uri("&state=a");
    let own = with_uri("&client_id=wiki");
    let other = with_uri("&client_id=shop");
    let cases = [
        ("", &Hint::Invalid, Some(&wiki), Problem::HintInvalid),
        (&uri, &Hint::Invalid, Some(&wiki), Problem::HintInvalid),
        (&own, &Hint::Invalid, Some(&wiki), Problem::HintInvalid),
        (
            "client_id=shop",
            &good,
            Some(&wiki),
            Problem::ClientMismatch,
        ),
        (&other, &good, Some(&wiki), Problem::ClientMismatch),
        (&other, &good, Some(&shop), Problem::ClientMismatch),
        (&uri, &good, None, Problem::UnknownClient),
        (&uri, &good, Some(&off), Problem::UnknownClient),
        (&uri, &good, Some(&shop), Problem::UnknownClient),
        (&uri, &none, None, Problem::UnknownClient),
        (&uri, &none, Some(&wiki), Problem::UnknownClient),
        (&other, &none, None, Problem::UnknownClient),
        (evil, &good, Some(&wiki), Problem::UriNotRegistered),
        (script, &good, Some(&wiki), Problem::UriNotRegistered),
        (prefix, &good, Some(&wiki), Problem::UriNotRegistered),
        (
            &format!("{evil}&client_id=wiki"),
            &none,
            Some(&wiki),
            Problem::UriNotRegistered,
        ),
    ];
    for (query, hint, client, kind) in cases {
        for live in [true, false] {
            assert_eq!(
                decide(query, hint, client, live),
                EndSessionDecision::Problem {
                    kind,
                    offer_sign_out: live,
                    offer_client: false,
                },
                "{query} {hint:?}",
            );
        }
    }
}

#[test]
fn only_an_id_token_of_this_session_spares_the_question() {
    let wiki = wiki();
    let cases = [
        (Hint::None, false),
        (hint("u_alice", Some("s3")), false),
        (hint("u_alice", None), false),
        (hint("u_mallory", Some("s1")), false),
        (hint("u_mallory", Some("s9")), false),
        (hint("u_alice", Some("s1")), true),
        (hint("u_alice", Some("s2")), true),
    ];
    for (hint, straight) in cases {
        let expected = if straight {
            LogOut { return_to: None }
        } else {
            ask(None)
        };
        assert_eq!(decide("", &hint, Some(&wiki), true), expected, "{hint:?}");
        assert_eq!(
            decide("", &hint, Some(&wiki), false),
            AlreadyOut { return_to: None }
        );
    }
}

#[test]
fn a_valid_hint_and_a_registered_uri_lead_back_with_the_state_alone() {
    let wiki = wiki();
    let here = hint("u_alice", Some("s1"));
    let elsewhere = hint("u_alice", Some("s3"));
    let query = with_uri("&state=a%26b&client_id=wiki");
    let there = || Some("https://wiki.example.com/bye?x=1&state=a%26b".to_owned());
    assert_eq!(
        decide(&query, &here, Some(&wiki), true),
        LogOut { return_to: there() }
    );
    assert_eq!(decide(&query, &elsewhere, Some(&wiki), true), ask(there()));
    assert_eq!(
        decide(&query, &here, Some(&wiki), false),
        AlreadyOut { return_to: there() }
    );
    assert_eq!(
        decide(&with_uri(""), &here, Some(&wiki), true),
        LogOut {
            return_to: Some(BYE.to_owned())
        }
    );
}

#[test]
fn a_uri_without_a_hint_leads_nowhere() {
    let wiki = wiki();
    let query = with_uri("&client_id=wiki&state=a");
    assert_eq!(decide(&query, &Hint::None, Some(&wiki), true), ask(None));
    assert_eq!(
        decide(&query, &Hint::None, Some(&wiki), false),
        AlreadyOut { return_to: None }
    );
}

#[test]
fn a_client_that_is_gone_can_still_log_its_person_out() {
    let good = hint("u_alice", Some("s1"));
    assert_eq!(decide("", &good, None, true), LogOut { return_to: None });
    assert_eq!(decide("client_id=gone", &Hint::None, None, true), ask(None));
}

#[test]
fn requests_are_read() {
    let read = request(
        "id_token_hint=a.b.c&client_id=wiki&state=s&logout_hint=alice&ui_locales=de++en&x=1&x=2",
    );
    assert_eq!(read.id_token_hint.as_deref(), Some("a.b.c"));
    assert_eq!(read.logout_hint.as_deref(), Some("alice"));
    assert_eq!(read.ui_locales, ["de", "en"]);
    assert_eq!(
        read.client_to_resolve(&Hint::None),
        Some(ClientId::new("wiki"))
    );
    assert_eq!(
        request("").client_to_resolve(&hint("u_alice", None)),
        Some(ClientId::new("wiki")),
    );
    let twice = Params::parse("id_token_hint=a&id_token_hint=b").unwrap();
    assert_eq!(
        EndSessionRequest::from_params(&twice),
        Err(Problem::Repeated("id_token_hint"))
    );
}

#[test]
fn how_far_a_proven_logout_goes_is_the_clients_to_say() {
    let good = hint("u_alice", Some("s1"));
    let query = with_uri("&state=a");
    let there = || Some("https://wiki.example.com/bye?x=1&state=a".to_owned());
    let asked = |offer_client| EndSessionDecision::Ask {
        return_to: there(),
        offer_client,
    };
    let whole = LogOut { return_to: there() };
    let own = LogOutClient { return_to: there() };
    for (scope, takes_part, expected) in [
        (LogoutScope::Sso, true, whole.clone()),
        (LogoutScope::Sso, false, whole),
        (LogoutScope::Client, true, own.clone()),
        // It left before: that is no reason to end more.
        (LogoutScope::Client, false, own),
        (LogoutScope::Ask, true, asked(true)),
        (LogoutScope::Ask, false, asked(false)),
    ] {
        let wiki = reaching(scope);
        assert_eq!(
            decide_in(&query, &good, Some(&wiki), Some(takes_part)),
            expected,
            "{scope:?} {takes_part}"
        );
        assert_eq!(
            decide_in(&query, &good, Some(&wiki), None),
            AlreadyOut { return_to: there() }
        );
    }
}

#[test]
fn without_a_proof_the_person_is_asked_however_far_it_goes() {
    let hints = [
        Hint::None,
        hint("u_alice", Some("s3")),
        hint("u_alice", None),
        hint("u_mallory", Some("s1")),
    ];
    for scope in [LogoutScope::Sso, LogoutScope::Client, LogoutScope::Ask] {
        let wiki = reaching(scope);
        for hint in &hints {
            for takes_part in [true, false] {
                let expected = EndSessionDecision::Ask {
                    return_to: None,
                    offer_client: takes_part && scope != LogoutScope::Sso,
                };
                let decision = decide_in("client_id=wiki", hint, Some(&wiki), Some(takes_part));
                assert_eq!(decision, expected, "{scope:?} {hint:?} {takes_part}");
            }
        }
        // Nothing names a client: there is none to sign out of.
        assert_eq!(decide("", &Hint::None, None, true), ask(None));
    }
}

#[test]
fn what_is_wrong_offers_the_client_alone_only_where_it_is_known_which() {
    let good = hint("u_alice", Some("s1"));
    let evil = "post_logout_redirect_uri=https://evil.example/";
    let off = Client {
        enabled: false,
        ..reaching(LogoutScope::Client)
    };
    for scope in [LogoutScope::Client, LogoutScope::Ask] {
        let wiki = reaching(scope);
        for (query, hint, client, kind, offered) in [
            (evil, &good, &wiki, Problem::UriNotRegistered, true),
            (
                "client_id=wiki",
                &Hint::Invalid,
                &wiki,
                Problem::HintInvalid,
                true,
            ),
            ("", &Hint::Invalid, &wiki, Problem::HintInvalid, false),
            (
                "client_id=shop",
                &good,
                &wiki,
                Problem::ClientMismatch,
                false,
            ),
            (evil, &good, &off, Problem::UnknownClient, false),
        ] {
            let expected = EndSessionDecision::Problem {
                kind,
                offer_sign_out: true,
                offer_client: offered,
            };
            assert_eq!(decide(query, hint, Some(client), true), expected, "{query}");
        }
    }
}

proptest! {
    #[test]
    fn order_and_extras_mean_nothing_and_repeats_are_refused(
        shuffled in Just(vec![
            ("id_token_hint", "h"), ("client_id", "wiki"), ("state", "s"),
            ("post_logout_redirect_uri", "https://wiki.example/"), ("logout_hint", "alice"),
        ]).prop_shuffle(),
        extras in prop::collection::vec(("x_[a-z]{0,8}", "[^\\x00]{0,16}"), 0..6),
        again in any::<prop::sample::Index>(),
        value in "[a-z]{1,8}",
    ) {
        let read = |pairs: &[(&str, &str)]| {
            let params = Params::from_pairs(pairs.iter().copied()).unwrap();
            EndSessionRequest::from_params(&params)
        };
        let mut pairs: Vec<(&str, &str)> = shuffled.clone();
        pairs.extend(extras.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let request = read(&pairs).unwrap();
        prop_assert_eq!(request.id_token_hint.as_deref(), Some("h"));
        prop_assert_eq!(request.state.as_deref(), Some("s"));
        prop_assert_eq!(request.logout_hint.as_deref(), Some("alice"));
        let (name, _) = shuffled[again.index(shuffled.len())];
        pairs.insert(0, (name, &value));
        prop_assert_eq!(read(&pairs), Err(Problem::Repeated(name)));
    }
}
