//! One app's page.

use actix_web::http::StatusCode;

use super::app_fields::{self, CHECKER, Typed};
use super::apps::{self, below, in_sessions};
use super::route::{Answer, Call, nothing_here};
use super::{links, mass_ends};
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::app::{Action, Declared, DocumentFacts, Fact, Lives, OneApp, SecretFacts};
use crate::pages::admin::app_secret::Settings;
use crate::pages::admin::states::State;
use crate::pages::app_words;
use crate::pages::parts::counted;
use crate::pages::time::{self, Moment};
use crate::protocol::client::{AuthMethod, Client, GrantType, RegisteredBy};
use crate::provider::DocumentReading;
use crate::store::record::{AuditQuestion, ClientRow, ClientUse};

/// `GET /admin/apps/{id}`.
pub(super) async fn show(call: Call) -> Answer {
    let Some(row) = apps::named(&call).await? else {
        return Ok(nothing_here());
    };
    let client = &row.client;
    let provider = &call.state.provider;
    let lives = provider.app_use(&client.client_id).await?;
    let page = OneApp {
        frame: call.frame(Section::Apps, apps::notice(&call)),
        name: client.client_name.clone(),
        state: apps::state(client),
        declared: declared(client),
        document: provider.document_reading(client).map(document),
        actions: actions(client),
        settings: settings(&provider.settings().issuer, client, None),
        secret: secret(&call, &row).await?,
        facts: facts(client),
        lives: in_use(client, &lives),
        notices: notices(client, &lives),
        check_again: links::app(&client.client_id).filter(|_| lives.notices.owed > 0),
        made: (app_words::maker(client), time::stamp(row.created)),
        changed: time::stamp(row.updated),
        audit: links::audit_of_app(&client.client_id),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

/// What the app must be told.
pub(super) fn settings(issuer: &str, client: &Client, secret: Option<&str>) -> Settings {
    Settings {
        lines: app_words::settings(issuer, client, secret),
        environment: app_words::environment(issuer, client, secret),
    }
}

const fn declared(client: &Client) -> Option<Declared> {
    match (client.registered_by, client.enabled) {
        (RegisteredBy::File, true) => Some(Declared::Now),
        (RegisteredBy::File, false) => Some(Declared::NoMore),
        (RegisteredBy::MetadataDocument, _) => Some(Declared::ByDocument),
        _ => None,
    }
}

fn document(reading: DocumentReading) -> DocumentFacts {
    DocumentFacts {
        read: reading.read.map(time::stamp),
        failed: reading.failed.map(|(at, why)| (time::stamp(at), why)),
    }
}

fn actions(client: &Client) -> Vec<Action> {
    let all = match declared(client) {
        Some(Declared::Now) => vec![],
        Some(Declared::NoMore) => vec![("delete", "Delete…", "deletion")],
        by @ (Some(Declared::ByDocument) | None) => {
            let mut all = Vec::new();
            if by.is_none() {
                all.push(("edit", "Change…", "edit"));
            }
            if client.has_secret() {
                all.push(("secret", "New secret…", "secret"));
            }
            all.push(if client.enabled {
                ("disable", "Disable…", "disabling")
            } else {
                ("enable", "Enable…", "enabling")
            });
            all.push(("delete", "Delete…", "deletion"));
            all
        }
    };
    all.into_iter()
        .filter_map(|(id, label, page)| {
            Some(Action {
                // The headings of the page have ids of their own.
                id: match id {
                    "secret" => "new-secret",
                    id => id,
                },
                label,
                link: below(&client.client_id, page)?,
                danger: ["disable", "delete"].contains(&id),
            })
        })
        .collect()
}

async fn secret(call: &Call, row: &ClientRow) -> Result<SecretFacts, PageTrouble> {
    let client = &row.client;
    let provider = &call.state.provider;
    let now = provider.clock().now();
    let previous = client
        .previous_secret
        .as_ref()
        .map(|previous| previous.expires);
    Ok(SecretFacts {
        exists: client.has_secret(),
        instead: instead_of_secret(client),
        changed: rotated(call, client).await?,
        previous_until: previous.filter(|until| *until > now).map(time::stamp),
    })
}

/// What proves an app that has no secret.
fn instead_of_secret(client: &Client) -> &'static str {
    match client.token_endpoint_auth_method {
        AuthMethod::PrivateKeyJwt => "It has none: it proves who it is by its keys.",
        AuthMethod::None if client.may_use(GrantType::AuthorizationCode) => {
            "It has none: PKCE stands in for it."
        }
        AuthMethod::None if client.may_use(GrantType::DeviceCode) => {
            "It has none, and nothing proves who it is: whoever allows it compares the code."
        }
        _ => "It has none.",
    }
}

/// When somebody last gave it a new secret, as far as the audit goes back.
async fn rotated(call: &Call, client: &Client) -> Result<Option<Moment>, PageTrouble> {
    if !client.has_secret() {
        return Ok(None);
    }
    let question = AuditQuestion {
        action: Some("client.rotate_secret".to_owned()),
        target: Some(format!("client:{}", client.client_id)),
        ..AuditQuestion::default()
    };
    let provider = &call.state.provider;
    let list = provider.audit_list(&question, None, 1).await?;
    Ok(list.lines.first().map(|line| time::stamp(line.entry.at)))
}

fn facts(client: &Client) -> Vec<Fact> {
    let typed = Typed::of_client(client);
    let checker = typed.get("kind") == CHECKER;
    // What says nothing of such an app.
    let idle = |name: &str| match name {
        "token_endpoint_auth_method" => client.is_public(),
        "pin_auth_method" => !client.sends_secret(),
        "token_endpoint_auth_signing_alg" | "require_issuer_audience" => !matches!(
            client.token_endpoint_auth_method,
            AuthMethod::PrivateKeyJwt | AuthMethod::ClientSecretJwt
        ),
        "refresh_tokens"
        | "first_party"
        | "require_pkce"
        | "logout_scope"
        | "access_token_format"
        | "subject_type"
        | "id_token_signed_response_alg" => checker && typed.get("device_code").is_empty(),
        "userinfo_signed_response_alg" | "introspection_signed_response_alg" => {
            typed.get(name).is_empty()
        }
        "notify_on_idle" => client.backchannel_logout_uri.is_none(),
        _ => false,
    };
    app_fields::all()
        .filter(|spec| !idle(spec.name))
        .filter_map(|spec| {
            let value = app_fields::shown(spec, typed.get(spec.name))?;
            Some(Fact {
                label: match spec.name {
                    "kind" => "Kind",
                    _ => spec.label,
                },
                values: value.lines().map(ToOwned::to_owned).collect(),
            })
        })
        .collect()
}

fn in_use(client: &Client, lives: &ClientUse) -> Lives {
    let sessions = in_sessions(lives);
    Lives {
        sessions: if sessions.is_empty() {
            "in no session".to_owned()
        } else {
            sessions
        },
        out: mass_ends::plan_of_app(&client.client_id)
            .filter(|_| lives.sessions > 0 || lives.offline > 0),
        offline: match lives.offline {
            0 => String::new(),
            1 => "1 connection goes on after a sign-out".to_owned(),
            more => format!(
                "{} go on after a sign-out",
                counted(more, "connection", "connections")
            ),
        },
        link: links::sessions_of_app(&client.client_id, ""),
        all: links::sessions_of_app(&client.client_id, "both"),
    }
}

/// What became of its notices; nothing where it was never owed one.
fn notices(client: &Client, lives: &ClientUse) -> Vec<(State, i64)> {
    let notices = lives.notices;
    let all = [
        (State::ok("Told"), notices.delivered),
        (State::wait("On the way"), notices.owed),
        (State::bad("Refused"), notices.refused),
        (State::bad("Gave up"), notices.gave_up),
    ];
    let any = all.iter().any(|(_, count)| *count > 0);
    if client.backchannel_logout_uri.is_none() && !any {
        return Vec::new();
    }
    let kept = all.into_iter().enumerate();
    // The first two are said even if they are none.
    let kept = kept.filter(|(place, (_, count))| *place < 2 || *count > 0);
    kept.map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entropy::ClientId;
    use crate::protocol::client::DEVICE_CODE;
    use crate::protocol::client_metadata;

    #[test]
    fn an_app_without_a_secret_is_said_to_be_proved_by_what_proves_it() {
        let back = json!(["https://a.example/cb"]);
        for (metadata, words) in [
            (
                json!({
                    "redirect_uris": back, "token_endpoint_auth_method": "private_key_jwt",
                    "jwks_uri": "https://a.example/jwks",
                }),
                "by its keys",
            ),
            (
                json!({ "redirect_uris": back, "token_endpoint_auth_method": "none" }),
                "PKCE stands in",
            ),
            (
                json!({
                    "grant_types": [DEVICE_CODE], "response_types": [],
                    "token_endpoint_auth_method": "none",
                }),
                "whoever allows it compares the code",
            ),
        ] {
            let client = client_metadata::parse(&metadata, ClientId::new("a")).unwrap();
            assert!(!client.has_secret());
            let said = instead_of_secret(&client);
            assert!(said.contains(words), "{metadata}: {said}");
        }
    }
}
