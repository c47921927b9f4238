//! A client as a file describes it: `lanyard client create --from`.

use std::io::Read as _;

use serde_json::Value;

use super::outcome::Failure;
use crate::config;
use crate::entropy::ClientId;
use crate::protocol::client_metadata::checked_id;

/// Members that registrations have and that change nothing here, so that a file that an app came
/// with can be taken as it is.
const WITHOUT_EFFECT: [&str; 5] = [
    "contacts",
    "software_id",
    "software_version",
    // `sid` is always sent.
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
];

/// Members that are refused for what they ask, where they ask for anything.
const JUDGED_ELSEWHERE: [&str; 4] = [
    "tls_client_certificate_bound_access_tokens",
    "id_token_encrypted_response_alg",
    "userinfo_encrypted_response_alg",
    "introspection_encrypted_response_alg",
];

const SECRET: &str = "A secret is made here, and printed once; one of your choice stands under \
                      [[clients]] in the configuration file. Remove it.";

/// What the file says: the metadata, and the id if it names one.
pub(super) fn read(source: &str) -> Result<(Value, Option<ClientId>), Failure> {
    let mut metadata = parsed(source)?;
    let Some(members) = metadata.as_object_mut() else {
        return Ok((metadata, None));
    };
    let id = members.remove("client_id");
    let strangers: Vec<String> = members.keys().filter_map(|name| stranger(name)).collect();
    if !strangers.is_empty() {
        return Err(Failure::many(strangers));
    }
    let id = match id {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(checked_id(&id).map_err(|error| {
            Failure::new(format!(
                "--from: client_id: {}; {}",
                error.problem, error.remedy
            ))
        })?),
        Some(_) => {
            let problem = "--from: client_id: is no text; write one in \"quotes\", or leave it out";
            return Err(Failure::new(problem));
        }
    };
    Ok((metadata, id))
}

fn parsed(source: &str) -> Result<Value, Failure> {
    let text = if source == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(source)
            .map_err(|error| Failure::new(format!("--from: {source}: {error}")))?
    };
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("--from: {source} is not JSON: {error}")))
}

/// What is wrong with a member that nobody reads: one that is misspelt must not be passed over.
fn stranger(name: &str) -> Option<String> {
    // `client_name#de` (RFC 7591, 2.2).
    let (plain, _) = name.split_once('#').unwrap_or((name, ""));
    if WITHOUT_EFFECT.contains(&plain) || JUDGED_ELSEWHERE.contains(&plain) {
        return None;
    }
    let problem = if plain == "client_secret" {
        SECRET.to_owned()
    } else {
        config::unknown_member(plain, &["client_id"])?
    };
    let shown: String = name.chars().take(64).collect();
    Some(format!("--from: {}: {problem}", shown.escape_debug()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::client_metadata;

    #[test]
    fn a_member_that_nobody_reads_is_named_with_the_one_that_was_meant() {
        for (name, said) in [
            (
                "backchannel_logout_url",
                "Did you mean backchannel_logout_uri?",
            ),
            ("first_partyy", "Did you mean first_party?"),
            ("grant_type", "Did you mean grant_types?"),
            ("redirect_uri", "Did you mean redirect_uris?"),
            ("clientid", "Did you mean client_id?"),
            ("client_secret", "A secret is made here"),
            ("moon", "Remove it"),
        ] {
            let told = stranger(name).unwrap();
            assert!(told.starts_with(&format!("--from: {name}: ")), "{told}");
            assert!(told.contains(said), "{told}");
        }
        assert!(!stranger("a\u{1b}[2J").unwrap().contains('\u{1b}'));
    }

    #[test]
    fn what_registrations_have_and_what_is_shown_of_a_client_can_be_taken() {
        let metadata = json!({
            "redirect_uris": ["https://a.example/cb"], "scope": "openid",
            "backchannel_logout_uri": "https://a.example/bc",
            "frontchannel_logout_uri": "https://a.example/fc",
            "access_token_lifetime": 60, "require_pushed_authorization_requests": true,
        });
        let client = client_metadata::parse(&metadata, ClientId::new("a")).unwrap();
        let shown = client_metadata::to_json(&client);
        let names = shown.as_object().unwrap().keys().map(String::as_str);
        let more = ["contacts", "software_id", "client_name#de", "policy_uri#ja"];
        for name in names.filter(|name| *name != "client_id").chain(more) {
            assert_eq!(stranger(name), None, "{name}");
        }
    }
}
