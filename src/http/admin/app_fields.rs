//! The form of an app: its fields in one table, what was typed, and the metadata (RFC 7591, 2)
//! that it comes to. One parser judges it, the command line's (`protocol::client_metadata`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::app_request_fields;
pub(super) use super::app_request_fields::REQUESTS;
pub(super) use super::app_spec::{Spec, What};
use super::app_spec::{text, tick};
use super::app_token_fields;
pub(super) use super::app_token_fields::TOKENS;
use crate::pages::fields::Input;
use crate::protocol::assertion_alg::AssertionAlg;
use crate::protocol::client::{ApplicationType, AuthMethod, Client, DEVICE_CODE, GrantType};
use crate::protocol::params::Params;

pub(super) const WEB: &str = "web";
pub(super) const BROWSER: &str = "browser";
pub(super) const NATIVE: &str = "native";
/// Made by the command line only, so that it is offered only to what is one.
pub(super) const NATIVE_SECRET: &str = "native_secret";
pub(super) const CHECKER: &str = "checker";
pub(super) const DEVICE: &str = "device";

pub(super) const KINDS: &[(&str, &str, &str)] = &[
    (
        WEB,
        "Web app with a server",
        "The server keeps a secret. Most apps are like this.",
    ),
    (
        BROWSER,
        "App that runs in the browser alone",
        "It can’t keep a secret. PKCE stands in for it.",
    ),
    (
        NATIVE,
        "Phone or desktop app",
        "It can’t keep a secret either, and may be answered at a scheme of its own.",
    ),
    (
        DEVICE,
        "Device without a browser",
        "Its people type a code elsewhere. It can’t keep a secret, and needs no redirect URIs.",
    ),
    (
        CHECKER,
        "API that only checks tokens",
        "It signs nobody in. It has a secret, and asks whether a token is good.",
    ),
    (
        NATIVE_SECRET,
        "Phone or desktop app with a secret",
        "As it was made on the command line.",
    ),
];

/// What every app needs.
pub(super) const USUAL: [Spec; 8] = [
    text(
        "client_name",
        "Name",
        "What people read when they sign in.",
        Input::Text,
    ),
    Spec {
        name: "kind",
        label: "What kind of app is it?",
        hint: "",
        what: What::Radio(KINDS),
    },
    text(
        "redirect_uris",
        "Redirect addresses",
        "Where it takes people back after they sign in (redirect_uris). One on each line, to the \
         letter as the app sends it.",
        Input::Lines,
    ),
    text(
        "post_logout_redirect_uris",
        "Addresses after signing out",
        "Where it may send people after they signed out. One on each line; may stay empty.",
        Input::Lines,
    ),
    text(
        "backchannel_logout_uri",
        "Back-channel logout address",
        "We call it, server to server, when a session ends, and the app signs the person out. Its \
         manual names the address.",
        Input::Url,
    ),
    text(
        "frontchannel_logout_uri",
        "Front-channel logout address",
        "The browser loads it at a sign-out. For apps without a back channel: other ends don’t \
         reach them.",
        Input::Url,
    ),
    tick(
        "refresh_tokens",
        "It may renew its access by itself",
        "By refresh tokens, while the session lives; with the scope offline_access also after.",
    ),
    tick(
        "first_party",
        "It is your own (first party)",
        "The same people run it and this sign-in: nobody is asked for consent.",
    ),
];

/// What few apps need.
pub(super) const RARE: [Spec; 20] = [
    text(
        "client_id",
        "Client id",
        "Only where the app needs a certain one. Left empty, we make one.",
        Input::Text,
    ),
    text(
        "scope",
        "Scopes",
        "What it may ask for, separated by spaces, such as openid profile email. Left empty: \
         everything.",
        Input::Text,
    ),
    Spec {
        name: "token_endpoint_auth_method",
        label: "How it proves who it is",
        hint: "An app that begins to sign with its secret gets a new one: we know only the hash of \
               the one it has.",
        what: What::Select(&[
            ("client_secret_basic", "In a header (client_secret_basic)"),
            ("client_secret_post", "In the form (client_secret_post)"),
            (
                "client_secret_jwt",
                "It signs with its secret (client_secret_jwt)",
            ),
            (
                "private_key_jwt",
                "It signs with a key of its own (private_key_jwt)",
            ),
        ]),
    },
    text(
        "jwks",
        "Its public keys",
        "A JWK set, such as {\"keys\": [...]}, for what it signs. Never private keys.",
        Input::Lines,
    ),
    text(
        "jwks_uri",
        "Address of its public keys",
        "Instead of the keys themselves: we fetch them, and fetch them again when they change.",
        Input::Url,
    ),
    Spec {
        name: "token_endpoint_auth_signing_alg",
        label: "Algorithm of its proofs",
        hint: "Only for an app that signs: HS256, HS384 or HS512 with its secret, the others with a \
               key of its own.",
        what: What::Select(&[
            ("", "Any that fits its secret or keys"),
            ("RS256", "RS256"),
            ("RS384", "RS384"),
            ("RS512", "RS512"),
            ("PS256", "PS256"),
            ("PS384", "PS384"),
            ("PS512", "PS512"),
            ("ES256", "ES256"),
            ("ES384", "ES384"),
            ("EdDSA", "EdDSA"),
            ("HS256", "HS256"),
            ("HS384", "HS384"),
            ("HS512", "HS512"),
        ]),
    },
    tick(
        "require_issuer_audience",
        "Its proofs must be made out to the issuer",
        "As FAPI 2.0 demands. Otherwise the token endpoint is taken as well.",
    ),
    tick(
        "client_credentials",
        "It may act for itself",
        "By the grant client_credentials: it gets tokens without a person.",
    ),
    tick(
        "device_code",
        "It may show codes for people to type elsewhere",
        "By the device grant (RFC 8628): for televisions, printers and command lines. A device \
         without a browser always may.",
    ),
    tick(
        "pin_auth_method",
        "Take the secret in this way only",
        "Otherwise both ways are taken.",
    ),
    text(
        "response_types",
        "Response types",
        "What it may ask for, one on each line. All but code bring tokens by way of the browser: \
         for old apps only, and only where protocol.front_channel_tokens is on. Left empty: code.",
        Input::Lines,
    ),
    tick(
        "require_pkce",
        "Demand PKCE",
        "Turn it off only for an old app that has a secret and doesn’t know PKCE.",
    ),
    text(
        "default_max_age",
        "Oldest sign-in, in seconds",
        "Who signed in longer ago proves again who they are. Left empty: the session decides.",
        Input::Text,
    ),
    Spec {
        name: "logout_scope",
        label: "When people sign out in it",
        hint: "How far a sign-out that begins in the app goes (logout_scope).",
        what: What::Select(&[
            ("sso", "They are signed out everywhere on that device (sso)"),
            ("client", "They are signed out of this app only (client)"),
            ("ask", "They are asked which of the two (ask)"),
        ]),
    },
    tick(
        "notify_on_idle",
        "Tell it also of sessions that nobody used",
        "Turn it off for an app that needs no word when a session ends by itself for want of use.",
    ),
    text(
        "client_uri",
        "Home page",
        "Where the app is. People can open it from the page of their apps.",
        Input::Url,
    ),
    text(
        "initiate_login_uri",
        "Address that begins a sign-in",
        "For that page: the app’s manual names it (initiate_login_uri). Whoever opens it is signed \
         in at once.",
        Input::Url,
    ),
    text(
        "logo_uri",
        "Logo",
        "A picture that people see when they sign in to it.",
        Input::Url,
    ),
    text(
        "policy_uri",
        "Privacy policy",
        "Linked where people are asked for consent.",
        Input::Url,
    ),
    text(
        "tos_uri",
        "Terms of service",
        "Linked at the same place.",
        Input::Url,
    ),
];

/// All fields, in order.
pub(super) fn all() -> impl Iterator<Item = &'static Spec> {
    USUAL.iter().chain(&RARE).chain(&REQUESTS).chain(&TOKENS)
}

/// What was typed, by field. A tick is "yes" or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed(BTreeMap<&'static str, String>);

impl Typed {
    /// A form that nobody has filled in yet.
    pub(super) fn blank() -> Self {
        let values = [
            ("kind", WEB),
            ("refresh_tokens", "yes"),
            ("response_types", "code"),
            ("require_pkce", "yes"),
            ("token_endpoint_auth_method", "client_secret_basic"),
            ("id_token_signed_response_alg", "RS256"),
            ("access_token_format", "jwt"),
            ("subject_type", "public"),
            ("logout_scope", "sso"),
            ("notify_on_idle", "yes"),
        ];
        Self(values.map(|(name, value)| (name, value.to_owned())).into())
    }

    /// From a form that was sent.
    pub(super) fn of_form(form: &Params) -> Self {
        let value = |spec: &Spec| {
            let value = form.get(spec.name).unwrap_or_default().trim();
            (spec.name, value.replace("\r\n", "\n"))
        };
        Self(all().map(value).collect())
    }

    /// What is stored of an app.
    pub(super) fn of_client(client: &Client) -> Self {
        let some = |value: &Option<String>| value.clone().unwrap_or_default();
        let yes = |holds: bool| if holds { "yes" } else { "" }.to_owned();
        let may = |grant| yes(client.may_use(grant));
        let keys = client.jwks.as_ref().map(ToString::to_string);
        let alg = client.token_endpoint_auth_signing_alg;
        let max_age = client.default_max_age.map(|seconds| seconds.to_string());
        let values = [
            ("client_name", client.client_name.clone()),
            ("kind", kind(client).to_owned()),
            ("redirect_uris", client.redirect_uris.join("\n")),
            (
                "post_logout_redirect_uris",
                client.post_logout_redirect_uris.join("\n"),
            ),
            (
                "backchannel_logout_uri",
                some(&client.backchannel_logout_uri),
            ),
            (
                "frontchannel_logout_uri",
                some(&client.frontchannel_logout_uri),
            ),
            ("refresh_tokens", may(GrantType::RefreshToken)),
            ("first_party", yes(client.first_party)),
            ("client_id", client.client_id.to_string()),
            ("scope", some(&client.scope)),
            ("token_endpoint_auth_method", method(client).to_owned()),
            ("jwks", keys.unwrap_or_default()),
            ("jwks_uri", some(&client.jwks_uri)),
            (
                "token_endpoint_auth_signing_alg",
                alg.map_or("", AssertionAlg::as_str).to_owned(),
            ),
            (
                "require_issuer_audience",
                yes(client.require_issuer_audience),
            ),
            ("client_credentials", may(GrantType::ClientCredentials)),
            ("device_code", may(GrantType::DeviceCode)),
            ("pin_auth_method", yes(client.pin_auth_method)),
            ("response_types", response_types(client)),
            ("require_pkce", yes(client.require_pkce)),
            ("default_max_age", max_age.unwrap_or_default()),
            ("logout_scope", client.logout_scope.as_str().to_owned()),
            ("notify_on_idle", yes(client.notify_on_idle)),
            ("client_uri", some(&client.client_uri)),
            ("initiate_login_uri", some(&client.initiate_login_uri)),
            ("logo_uri", some(&client.logo_uri)),
            ("policy_uri", some(&client.policy_uri)),
            ("tos_uri", some(&client.tos_uri)),
        ];
        let tokens = app_token_fields::of_client(client).into_iter();
        let parts = tokens.chain(app_request_fields::of_client(client));
        Self(values.into_iter().chain(parts).collect())
    }

    /// The value of a field; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// What stands on the lines of a field, each once: errors count them so.
    pub(super) fn lines(&self, name: &str) -> Vec<&str> {
        let mut kept = Vec::new();
        let lines = self.get(name).lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty()) {
            if !kept.contains(&line) {
                kept.push(line);
            }
        }
        kept
    }

    /// What parsing alone finds wrong.
    pub(super) fn problems(&self) -> BTreeMap<&'static str, String> {
        let mut problems = app_token_fields::problems(|name| self.get(name));
        if self.get("client_name").is_empty() {
            let problem = "Write the name by which people know the app.";
            problems.insert("client_name", problem.to_owned());
        }
        if !KINDS.iter().any(|(value, ..)| *value == self.get("kind")) {
            problems.insert("kind", "Choose one of these.".to_owned());
        }
        if ticked_wrongly(self.get("default_max_age")) {
            let problem = "This is no number. Write whole seconds, such as 3600, or nothing.";
            problems.insert("default_max_age", problem.to_owned());
        }
        problems
    }

    /// The key set; what is no JSON stays a text, which the rules refuse.
    fn keys(&self) -> Option<Value> {
        let text = self.get("jwks");
        let text = Some(text).filter(|text| !text.is_empty())?;
        Some(serde_json::from_str(text).unwrap_or_else(|_| json!(text)))
    }

    /// The grants that follow from response types and ticks.
    fn grants(&self, types: &[&str]) -> Vec<&'static str> {
        let has = |wanted: &[&str]| {
            let mut words = types.iter().flat_map(|kind| kind.split(' '));
            words.any(|word| wanted.contains(&word))
        };
        let code = has(&["code"]);
        let device = self.ticked("device_code") || self.get("kind") == DEVICE;
        let yields = code || device;
        let table = [
            ("authorization_code", code),
            ("refresh_token", yields && self.ticked("refresh_tokens")),
            ("client_credentials", self.ticked("client_credentials")),
            (DEVICE_CODE, device),
            ("implicit", has(&["id_token", "token"])),
        ];
        let held = table.into_iter().filter(|(_, holds)| *holds);
        held.map(|(grant, _)| grant).collect()
    }

    /// The metadata that it comes to, with every member of the form: what is empty is taken away.
    pub(super) fn metadata(&self) -> Value {
        let kind = self.get("kind");
        let public = [BROWSER, NATIVE, DEVICE].contains(&kind);
        let native = [NATIVE, NATIVE_SECRET, DEVICE].contains(&kind);
        let types = match (kind, self.lines("response_types")) {
            (CHECKER | DEVICE, _) => vec![],
            (_, empty) if empty.is_empty() => vec!["code"],
            (_, types) => types,
        };
        let method = if public {
            "none"
        } else {
            self.get("token_endpoint_auth_method")
        };
        let mut metadata = json!({
            "client_name": self.get("client_name"),
            "redirect_uris": self.lines("redirect_uris"),
            "post_logout_redirect_uris": self.lines("post_logout_redirect_uris"),
            "grant_types": self.grants(&types),
            "response_types": types,
            "token_endpoint_auth_method": method,
            "pin_auth_method": self.ticked("pin_auth_method"),
            "require_issuer_audience": self.ticked("require_issuer_audience"),
            "jwks": self.keys(),
            "application_type": if native { "native" } else { "web" },
            "first_party": self.ticked("first_party"),
            "require_pkce": self.ticked("require_pkce"),
            "default_max_age": self.get("default_max_age").parse::<u64>().ok(),
            "notify_on_idle": self.ticked("notify_on_idle"),
        });
        for name in [
            "scope",
            "jwks_uri",
            "token_endpoint_auth_signing_alg",
            "backchannel_logout_uri",
            "frontchannel_logout_uri",
            "logout_scope",
            "client_uri",
            "initiate_login_uri",
            "logo_uri",
            "policy_uri",
            "tos_uri",
        ] {
            let value = Some(self.get(name)).filter(|value| !value.is_empty());
            if let Some(members) = metadata.as_object_mut() {
                members.insert(name.to_owned(), json!(value));
            }
        }
        if let Some(members) = metadata.as_object_mut() {
            let lines = |name: &str| self.lines(name);
            members.extend(app_token_fields::metadata(|name| self.get(name), lines));
            members.extend(app_request_fields::metadata(|name| self.get(name), lines));
        }
        metadata
    }
}

/// The choice of the form; a public app has none.
const fn method(client: &Client) -> &'static str {
    match client.token_endpoint_auth_method {
        AuthMethod::ClientSecretPost => "client_secret_post",
        AuthMethod::ClientSecretJwt => "client_secret_jwt",
        AuthMethod::PrivateKeyJwt => "private_key_jwt",
        AuthMethod::ClientSecretBasic | AuthMethod::None => "client_secret_basic",
    }
}

fn response_types(client: &Client) -> String {
    let types = client.response_types.iter();
    let types: Vec<_> = types.map(|kind| kind.as_str()).collect();
    types.join("\n")
}

fn ticked_wrongly(max_age: &str) -> bool {
    !max_age.is_empty() && max_age.parse::<u64>().is_err()
}

/// Which of [`KINDS`] an app is.
pub(super) fn kind(client: &Client) -> &'static str {
    let native = client.application_type == ApplicationType::Native;
    match (client.is_public(), native) {
        (false, _) if !client.signs_people_in() => CHECKER,
        (true, _) if !client.signs_people_in() && client.may_use(GrantType::DeviceCode) => DEVICE,
        (true, true) => NATIVE,
        (true, false) => BROWSER,
        (false, true) => NATIVE_SECRET,
        (false, false) => WEB,
    }
}

/// What that is called.
pub(super) fn kind_label(client: &Client) -> &'static str {
    let kind = kind(client);
    let known = KINDS.iter().find(|(value, ..)| *value == kind);
    known.map_or("", |(_, label, _)| label)
}

/// A value as people read it: ticks in words, choices by their labels, none for what is empty.
pub(super) fn shown(spec: &Spec, value: &str) -> Option<String> {
    let label = match spec.what {
        What::Tick if value.is_empty() => "no",
        What::Tick => "yes",
        What::Text(_) => value,
        What::Radio(choices) => {
            let known = choices.iter().find(|(known, ..)| *known == value);
            known.map_or(value, |(_, label, _)| label)
        }
        What::Select(choices) => {
            let known = choices.iter().find(|(known, _)| *known == value);
            known.map_or(value, |(_, label)| label)
        }
    };
    (!label.is_empty()).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::ClientId;
    use crate::protocol::client::SigningAlg;
    use crate::protocol::{client_metadata, client_requests, client_tokens};

    fn client(metadata: &Value) -> Client {
        client_metadata::parse(metadata, ClientId::new("a")).unwrap()
    }

    /// Apps of each kind, with all that can be said of them.
    #[expect(clippy::too_many_lines, reason = "a list")]
    fn apps() -> Vec<(Value, &'static str)> {
        let full = json!({
            "client_name": "Wiki", "scope": "openid email", "default_max_age": 60,
            "redirect_uris": ["https://a.example/1", "https://a.example/2"],
            "post_logout_redirect_uris": ["https://a.example/"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post", "pin_auth_method": true,
            "id_token_signed_response_alg": "ES256", "first_party": true, "require_pkce": false,
            "backchannel_logout_uri": "https://a.example/bc",
            "frontchannel_logout_uri": "https://a.example/fc",
            "logout_scope": "ask", "notify_on_idle": false,
            "client_uri": "https://a.example/", "initiate_login_uri": "https://a.example/in",
            "logo_uri": "https://a.example/l.png",
            "policy_uri": "https://a.example/p", "tos_uri": "https://a.example/t",
        });
        let tokens = json!({
            "client_name": "t", "redirect_uris": ["https://a.example/1"],
            "access_token_format": "opaque", "access_token_lifetime": 60, "id_token_lifetime": 61,
            "refresh_token_idle_timeout": 62, "refresh_token_lifetime": 63,
            "access_token_audiences": ["https://api.example", "urn:api:2"],
            "subject_type": "pairwise", "sector_identifier_uri": "https://a.example/apps.json",
            "userinfo_signed_response_alg": "ES256", "introspection_signed_response_alg": "PS256",
            "dpop_bound_access_tokens": true,
        });
        let requests = json!({
            "client_name": "r", "redirect_uris": ["https://a.example/1"],
            "jwks_uri": "https://a.example/jwks", "require_pushed_authorization_requests": true,
            "require_signed_request_object": true, "request_object_signing_alg": "PS256",
            "request_uris": ["https://a.example/r1", "https://a.example/r2"],
        });
        let browser = json!({
            "client_name": "b", "redirect_uris": ["https://a.example/1"],
            "token_endpoint_auth_method": "none",
        });
        let native = json!({
            "client_name": "n", "redirect_uris": ["com.example.app:/cb"],
            "token_endpoint_auth_method": "none", "application_type": "native",
        });
        let native_secret = json!({
            "client_name": "s", "redirect_uris": ["com.example.app:/cb"],
            "application_type": "native",
        });
        let checker = json!({ "client_name": "c", "grant_types": [], "response_types": [] });
        let signs = json!({
            "client_name": "k", "redirect_uris": ["https://a.example/1"],
            "grant_types": ["authorization_code", "client_credentials", DEVICE_CODE],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "PS256", "require_issuer_audience": true,
            "jwks_uri": "https://a.example/jwks",
        });
        let by_secret = json!({
            "client_name": "j", "redirect_uris": ["https://a.example/1"],
            "token_endpoint_auth_method": "client_secret_jwt",
            "token_endpoint_auth_signing_alg": "HS384",
        });
        let old = json!({
            "client_name": "o", "redirect_uris": ["https://a.example/1"],
            "grant_types": ["authorization_code", "implicit"],
            "response_types": ["code", "code id_token", "id_token token"],
        });
        let device = json!({
            "client_name": "d", "grant_types": ["refresh_token", DEVICE_CODE],
            "response_types": [], "token_endpoint_auth_method": "none",
            "application_type": "native",
        });
        vec![
            (device, DEVICE),
            (tokens, WEB),
            (requests, WEB),
            (old, WEB),
            (signs, WEB),
            (by_secret, WEB),
            (full, WEB),
            (browser, BROWSER),
            (native, NATIVE),
            (native_secret, NATIVE_SECRET),
            (checker, CHECKER),
        ]
    }

    #[test]
    fn an_app_goes_into_the_form_and_back_unchanged() {
        for (metadata, expected) in apps() {
            let before = client(&metadata);
            let typed = Typed::of_client(&before);
            assert_eq!(typed.get("kind"), expected);
            assert_eq!(typed.problems(), BTreeMap::new());
            assert_eq!(client(&typed.metadata()), before, "{metadata}");
            // Each member that the metadata has is a field: one that is emptied is taken away.
            let sent = typed.metadata();
            for member in client_tokens::MEMBERS
                .iter()
                .chain(&client_requests::MEMBERS)
            {
                assert!(sent.get(member).is_some(), "{member}");
            }
            // Of a form that is sent, nothing is lost either.
            let pairs = typed.0.iter().map(|(name, value)| (*name, value.as_str()));
            let sent = Params::from_pairs(pairs).unwrap();
            assert_eq!(Typed::of_form(&sent), typed);
        }
    }

    #[test]
    fn lines_are_trimmed_and_counted_once() {
        let form = [("redirect_uris", " https://b \r\n\r\nhttps://a\nhttps://b")];
        let typed = Typed::of_form(&Params::from_pairs(form).unwrap());
        assert_eq!(typed.lines("redirect_uris"), ["https://b", "https://a"]);
    }

    #[test]
    fn every_field_is_said_once() {
        let mut names: Vec<_> = all().map(|spec| spec.name).collect();
        let stored = Typed::of_client(&client(
            &json!({ "client_name": "c", "grant_types": [], "response_types": [] }),
        ));
        names.sort_unstable();
        let kept: Vec<_> = stored.0.keys().copied().collect();
        assert_eq!(names, kept);
        assert_eq!(
            SigningAlg::ALL.len(),
            app_token_fields::ALGORITHMS.len(),
            "as many as the form offers"
        );
    }
}
