use proptest::prelude::*;
use serde_json::json;

use super::super::jose::test_keys::{self, with_own_key};
use super::*;

const NOW: i64 = 1_700_000_000;
const TARGET: &str = "https://login.example/oauth2/token";
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

fn claims() -> Value {
    json!({ "jti": "a", "htm": "POST", "htu": TARGET, "iat": NOW })
}

fn made(claims: &Value) -> String {
    with_own_key(&test_keys::p256(), TYP, claims)
}

fn judged(claims: &Value, access_token: Option<&str>) -> Result<Proof, ProofFlaw> {
    let expect = Expect {
        method: "POST",
        target: TARGET,
        access_token,
        now: Timestamp::from_secs(NOW),
    };
    read(&made(claims), expect)
}

#[test]
fn each_claim_in_turn_is_wrong() {
    use ProofFlaw::{Method, NoId, NoTime, Target, TooEarly, TooOld};
    let long = "j".repeat(MAX_JTI + 1);
    for (name, value, flaw) in [
        ("htm", json!(null), Method),
        ("htm", json!("GET"), Method),
        ("htm", json!("post"), Method),
        ("htu", json!(null), Target),
        ("htu", json!(""), Target),
        ("htu", json!("/oauth2/token"), Target),
        (
            "htu",
            json!("https://login.example/oauth2/userinfo"),
            Target,
        ),
        ("htu", json!("https://login.example/oauth2/token/"), Target),
        ("htu", json!("http://login.example/oauth2/token"), Target),
        ("htu", json!("https://other.example/oauth2/token"), Target),
        (
            "htu",
            json!("https://login.example:444/oauth2/token"),
            Target,
        ),
        ("htu", json!("https://a@login.example/oauth2/token"), Target),
        (
            "htu",
            json!("https:\\\\login.example\\oauth2\\token"),
            Target,
        ),
        ("htu", json!("https:login.example/oauth2/token"), Target),
        ("htu", json!(" https://login.example/oauth2/token"), Target),
        (
            "htu",
            json!(format!("{TARGET}?{}", "q".repeat(MAX_TARGET))),
            Target,
        ),
        ("iat", json!(null), NoTime),
        ("iat", json!("now"), NoTime),
        ("iat", json!(1e300), NoTime),
        ("iat", json!(NOW - 300), TooOld),
        ("iat", json!(0), TooOld),
        ("iat", json!(NOW + 31), TooEarly),
        ("jti", json!(null), NoId),
        ("jti", json!(""), NoId),
        ("jti", json!(7), NoId),
        ("jti", json!(long), NoId),
    ] {
        let mut claims = claims();
        claims[name] = value;
        assert_eq!(judged(&claims, None), Err(flaw), "{claims}");
    }
}

#[test]
fn addresses_are_compared_without_query_in_their_normal_form() {
    for target in [
        TARGET,
        "HTTPS://LOGIN.example/oauth2/token",
        "https://login.example:443/oauth2/token",
        "https://login.example/oauth2/token?a=b",
        "https://login.example/oauth2/token#f",
        "https://login.example/oauth2/./token",
    ] {
        let mut claims = claims();
        claims["htu"] = json!(target);
        assert!(judged(&claims, None).is_ok(), "{target}");
    }
}

#[test]
fn the_hash_of_the_token_is_demanded_where_there_is_one() {
    // RFC 9449, 7.1: the token and the hash of its example.
    assert_eq!(
        token_hash(TOKEN),
        "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    );
    let mut claims = claims();
    assert_eq!(judged(&claims, Some(TOKEN)), Err(ProofFlaw::TokenHash));
    claims["ath"] = json!(token_hash("other"));
    assert_eq!(judged(&claims, Some(TOKEN)), Err(ProofFlaw::TokenHash));
    claims["ath"] = json!(token_hash(TOKEN));
    assert!(judged(&claims, Some(TOKEN)).is_ok());
}

#[test]
fn a_good_one_names_its_key_and_when_it_can_be_forgotten() {
    let mut claims = claims();
    claims["iat"] = json!(NOW - 299);
    claims["nonce"] = json!("n");
    let proof = judged(&claims, None).unwrap();
    assert_eq!(proof.key.to_string(), test_keys::p256().kid());
    assert_eq!(proof.expires, Timestamp::from_secs(NOW + 1));
    assert_eq!(
        (proof.jti.as_str(), proof.nonce.as_deref()),
        ("a", Some("n"))
    );
    claims["iat"] = json!(NOW + 30);
    assert!(judged(&claims, None).is_ok());
}

#[test]
fn one_header_is_a_proof_and_two_are_none() {
    let one = ProofHeader::One("a".to_owned());
    assert_eq!(ProofHeader::of([]), ProofHeader::Absent);
    assert_eq!(ProofHeader::of([Some("a")]), one);
    assert_eq!(ProofHeader::of([None]), ProofHeader::Unusable);
    assert_eq!(
        ProofHeader::of([Some("a"), Some("a")]),
        ProofHeader::Unusable
    );
    let secret = ProofHeader::One("eyJ".to_owned());
    assert!(!format!("{secret:?}").contains("eyJ"));
}

#[test]
fn each_flaw_names_what_to_do_in_letters_that_a_header_takes() {
    for flaw in ProofFlaw::ALL {
        let words = flaw.to_string();
        assert!(
            words
                .bytes()
                .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"'),
            "{words}"
        );
    }
}

proptest! {
    #[test]
    fn no_proof_panics_and_only_a_sound_one_passes(
        text in ".{0,200}",
        number: f64,
        name in "jti|htm|htu|iat|ath|nonce",
    ) {
        let expect = Expect {
            method: "POST",
            target: TARGET,
            access_token: Some(TOKEN),
            now: Timestamp::from_secs(NOW),
        };
        prop_assert!(read(&text, expect).is_err());
        for value in [json!(text), json!(number), json!([text.clone()])] {
            let mut claims = claims();
            claims["ath"] = json!(token_hash(TOKEN));
            claims[&name] = value;
            if let Ok(proof) = read(&made(&claims), expect) {
                prop_assert!(matches!(name.as_str(), "jti" | "nonce" | "iat"), "{}", claims);
                prop_assert!(!proof.jti.is_empty() && proof.jti.len() <= MAX_JTI);
                prop_assert!(proof.expires > expect.now);
            }
        }
    }

    #[test]
    fn a_key_that_did_not_sign_is_refused(at: prop::sample::Index) {
        let token = made(&claims());
        let at = at.index(token.len());
        let letter = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
        let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
        let expect = Expect {
            method: "POST",
            target: TARGET,
            access_token: None,
            now: Timestamp::from_secs(NOW),
        };
        prop_assert!(read(&changed, expect).is_err());
    }
}

#[test]
fn every_algorithm_that_is_listed_is_taken() {
    let now = Timestamp::from_secs(NOW);
    for key in test_keys::one_of_each() {
        let expect = Expect {
            method: "POST",
            target: TARGET,
            access_token: None,
            now,
        };
        let proof = with_own_key(&key, TYP, &claims());
        assert!(ALGS.iter().any(|alg| alg.as_str() == key.alg().as_str()));
        assert!(read(&proof, expect).is_ok(), "{}", key.alg().as_str());
    }
}
