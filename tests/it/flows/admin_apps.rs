//! Apps, by administrators: connected, changed, given new secrets, disabled, deleted.

use std::time::Duration;

use lanyard::protocol::client_metadata;
use lanyard::session::ending::Actor;
use serde_json::{Value, json};

use super::secret_assertions::by_secret;
use crate::support::{App, Browser, House, Landing, Page, Person};

const REDIRECT: &str = "https://wiki.example/cb";

struct Story {
    house: House,
    mona: Person,
    browser: Browser,
}

async fn story() -> Story {
    let house = House::open().await;
    let mona = house.administrator("mona").await;
    let browser = house.browser();
    browser.sign_in(&mona).await;
    Story {
        house,
        mona,
        browser,
    }
}

/// What a browser sends of the form, filled in as usual but for these.
fn filled<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("client_name", "Wiki"),
        ("kind", "web"),
        ("redirect_uris", REDIRECT),
        ("refresh_tokens", "yes"),
        ("require_pkce", "yes"),
        ("logout_scope", "sso"),
        ("notify_on_idle", "yes"),
        ("token_endpoint_auth_method", "client_secret_basic"),
        ("id_token_signed_response_alg", "RS256"),
    ];
    let given = |name| changes.iter().any(|(changed, _)| *changed == name);
    let rest = usual.into_iter().filter(|(name, _)| !given(*name));
    changes.iter().copied().chain(rest).collect()
}

/// The settings that a page shows to be pasted.
fn pasted(page: &Page, name: &str) -> Option<String> {
    let (_, rest) = page.body.split_once("id=\"environment\"")?;
    let (_, rest) = rest.split_once('>')?;
    let block = rest.split("</pre>").next()?;
    let prefix = format!("{name}=");
    let value = block.lines().find_map(|line| line.strip_prefix(&prefix));
    value.map(str::to_owned)
}

impl Story {
    async fn open(&self, address: &str) -> Page {
        let page = self.browser.get(address).await;
        assert_eq!(page.status, 200, "{address} {}", page.body);
        page
    }

    /// Sends the form of a page with these fields; nothing is followed.
    async fn send(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let csrf = page.csrf();
        let version = page.hidden("version");
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend(version.as_deref().map(|version| ("version", version)));
        form.extend_from_slice(fields);
        // A list of apps or a page has a search before it, but no question has.
        let answer = self.browser.post(page.form_action().as_str(), &form).await;
        self.house.settled().await;
        answer
    }

    async fn create(&self, changes: &[(&str, &str)]) -> Page {
        let page = self.open("/admin/apps/new").await;
        assert_eq!(page.heading(), "Connect an app");
        self.send(&page, &filled(changes)).await
    }

    /// What is stored, as metadata.
    async fn stored(&self, id: &str) -> Option<Value> {
        let id = lanyard::entropy::ClientId::new(id);
        let row = self.house.provider().record().client_row(&id).await;
        row.unwrap()
            .map(|row| client_metadata::to_json(&row.client))
    }

    async fn answer(&self, address: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.open(address).await;
        let answer = self.send(&page, fields).await;
        match self.browser.follow(answer).await {
            Landing::Page(page) => page,
            Landing::Away(url) => panic!("left for {url}"),
        }
    }

    /// The app as a relying party would be set up from the settings shown.
    async fn wiki(&self) -> App {
        let house = &self.house;
        house.app("wiki").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_begins_to_sign_with_its_secret_is_shown_a_new_one() {
    let story = story().await;
    let signs = ("token_endpoint_auth_method", "client_secret_jwt");
    let page = story.create(&[("client_id", "wiki")]).await;
    let first = pasted(&page, "OIDC_CLIENT_SECRET").unwrap();
    let page = story.open("/admin/apps/wiki/edit").await;
    let wrong = ("token_endpoint_auth_signing_alg", "ES256");
    let page = story.send(&page, &filled(&[signs, wrong])).await;
    let said = refused_at(&page, "token_endpoint_auth_signing_alg");
    assert!(said.contains("HS256, HS384 or HS512"), "{said}");
    let right = ("token_endpoint_auth_signing_alg", "HS256");
    let page = story.send(&page, &filled(&[signs, right])).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.heading(), "The app Wiki has a new secret");
    let second = pasted(&page, "OIDC_CLIENT_SECRET").unwrap();
    assert_ne!(first, second);
    let verdict = async |secret: &str| {
        let proof = by_secret(&story.house, "wiki", secret, &json!({}));
        super::client_assertions::verdict(&story.house, &proof).await
    };
    assert_eq!(verdict(&first).await, "invalid_client");
    assert_eq!(verdict(&second).await, "invalid_grant", "let in");

    // Of what is changed else, no secret is shown; a new one is made on its page.
    let page = story.open("/admin/apps/wiki/edit").await;
    let name = ("client_name", "Notes");
    let page = story.send(&page, &filled(&[signs, right, name])).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let page = story
        .answer("/admin/apps/wiki/secret", &[("overlap", "24h")])
        .await;
    let third = pasted(&page, "OIDC_CLIENT_SECRET").unwrap();
    for secret in [&second, &third] {
        assert_eq!(verdict(secret).await, "invalid_grant", "let in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_tokens_of_an_app_is_said_at_its_field() {
    let story = story().await;
    let wiki = ("client_id", "wiki");
    for (field, value) in [
        ("access_token_lifetime", "5"),
        ("access_token_lifetime", "five"),
        ("id_token_lifetime", "86400"),
        ("refresh_token_idle_timeout", "-1"),
        ("refresh_token_lifetime", "1e9"),
        ("access_token_audiences", "https://api.example\na b"),
        ("access_token_format", "paper"),
        ("subject_type", "secret"),
        ("sector_identifier_uri", "http://wiki.example/apps"),
        ("userinfo_signed_response_alg", "PS512"),
        ("introspection_signed_response_alg", "none"),
    ] {
        let page = story.create(&[wiki, (field, value)]).await;
        refused_at(&page, field);
        assert!(page.body.contains("<details open>"), "{field} is in sight");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_app_chooses_for_its_tokens_is_typed_kept_and_taken_away() {
    let story = story().await;
    let wiki = ("client_id", "wiki");
    let tokens = [
        ("access_token_format", "opaque"),
        ("access_token_lifetime", "60"),
        ("id_token_lifetime", "61"),
        ("refresh_token_idle_timeout", "62"),
        ("refresh_token_lifetime", "63"),
        ("access_token_audiences", "https://api.example\nurn:api:2"),
        ("subject_type", "pairwise"),
        ("userinfo_signed_response_alg", "ES256"),
        ("introspection_signed_response_alg", "ES256"),
        ("dpop_bound_access_tokens", "yes"),
    ];
    let fields: Vec<_> = tokens.into_iter().chain([wiki]).collect();
    assert_eq!(story.create(&fields).await.status, 200);
    let before = story.stored("wiki").await.unwrap();
    assert_eq!(before["access_token_lifetime"], 60);
    let audiences = json!(["https://api.example", "urn:api:2"]);
    assert_eq!(before["access_token_audiences"], audiences);
    assert_eq!(before["subject_type"], "pairwise");
    assert_eq!(before["dpop_bound_access_tokens"], true);

    // An edit of something else, as the page has it, leaves all of that.
    let page = story.open("/admin/apps/wiki/edit").await;
    for (name, value) in tokens {
        assert!(page.shows(value) || page.body.contains(value), "{name}");
    }
    let name = ("client_name", "Notes");
    let fields: Vec<_> = tokens.into_iter().chain([name]).collect();
    let answer = story.send(&page, &filled(&fields)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let mut expected = before;
    expected["client_name"] = json!("Notes");
    assert_eq!(story.stored("wiki").await.unwrap(), expected);

    // What is emptied is taken away.
    let page = story.open("/admin/apps/wiki/edit").await;
    let answer = story.send(&page, &filled(&[])).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let stored = story.stored("wiki").await.unwrap();
    for (name, _) in tokens {
        let usual = match name {
            "access_token_format" => json!("jwt"),
            "subject_type" => json!("public"),
            _ => Value::Null,
        };
        assert_eq!(stored[name], usual, "{name}");
    }
}

/// Demands that the form came back with an error at this field alone, and says which.
fn refused_at(page: &Page, field: &str) -> String {
    assert_eq!(page.status, 400, "{}", page.body);
    assert!(page.body.contains("<title>Problem: "), "{}", page.body);
    assert_eq!(page.body.matches("role=\"alert\"").count(), 1);
    let errors: Vec<_> = page.body.split("class=\"error\" id=\"").skip(1).collect();
    assert_eq!(errors.len(), 1, "{}", page.body);
    let (id, rest) = errors[0].split_once("\">").unwrap();
    assert_eq!(id, format!("{field}-error"));
    let error = rest.split("</p>").next().unwrap();
    error.replace("&#39;", "'")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_at_its_field_and_all_that_was_typed_is_kept() {
    let story = story().await;
    let typed = [
        ("client_id", "wiki"),
        (
            "redirect_uris",
            "https://wiki.example/cb\r\nhttp://wiki.example/cb",
        ),
        ("post_logout_redirect_uris", "https://wiki.example/bye"),
        ("default_max_age", "3600"),
        ("first_party", "yes"),
        ("kind", "browser"),
    ];
    let page = story.create(&typed).await;
    let error = refused_at(&page, "redirect_uris");
    assert!(
        error.contains("“http://wiki.example/cb” uses http"),
        "{error}"
    );
    for kept in [
        "value=\"Wiki\"",
        "https://wiki.example/cb\nhttp://wiki.example/cb</textarea>",
        "https://wiki.example/bye</textarea>",
        "value=\"3600\"",
        "name=\"first_party\" value=\"yes\" checked",
        "name=\"kind\" value=\"browser\" checked",
    ] {
        assert!(page.body.contains(kept), "{kept}\n{}", page.body);
    }
    assert_eq!(story.stored("wiki").await, None, "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_wrong_makes_an_app() {
    let story = story().await;
    for (field, value) in [
        ("logo_uri", "javascript:alert(1)"),
        ("tos_uri", "data:text/html,x"),
        ("default_max_age", "an hour"),
        ("client_name", " "),
        ("client_name", "Wi\u{202e}ki"),
        ("kind", "mainframe"),
        ("scope", "openid \"x\""),
        ("frontchannel_logout_uri", "https://elsewhere.example/"),
        ("client_id", "a b"),
        ("client_id", "new"),
        ("redirect_uris", "  "),
    ] {
        let wiki = ("client_id", "wiki");
        let typed = if field == "client_id" {
            vec![(field, value)]
        } else {
            vec![wiki, (field, value)]
        };
        let page = story.create(&typed).await;
        refused_at(&page, field);
        // A kind that is none can't be shown as chosen.
        assert!(field == "kind" || page.shows(value.trim()), "{field}");
    }
    let page = story
        .create(&[
            ("client_id", "wiki"),
            ("kind", "browser"),
            ("require_pkce", ""),
        ])
        .await;
    refused_at(&page, "require_pkce");
    assert_eq!(story.stored("wiki").await, None, "nothing was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_taken_is_refused() {
    let story = story().await;
    story.create(&[("client_id", "wiki")]).await;
    let page = story
        .create(&[("client_id", "wiki"), ("client_name", "Other")])
        .await;
    let error = refused_at(&page, "client_id");
    assert!(error.contains("Another app has this id"), "{error}");
    let stored = story.stored("wiki").await.unwrap();
    assert_eq!(stored["client_name"], "Wiki");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_slower_is_told_and_overwrites_nothing_unseen() {
    let story = story().await;
    story.create(&[("client_id", "wiki")]).await;
    let (mine, theirs) = (
        story.open("/admin/apps/wiki/edit").await,
        story.open("/admin/apps/wiki/edit").await,
    );
    let answer = story
        .send(&theirs, &filled(&[("client_name", "Their wiki")]))
        .await;
    assert_eq!(answer.status, 303);
    let page = story
        .send(&mine, &filled(&[("client_name", "My wiki")]))
        .await;
    assert_eq!(page.status, 409);
    assert!(page.shows("Somebody else changed this app meanwhile"));
    assert!(page.body.contains("value=\"My wiki\""), "typed is kept");
    assert!(page.body.contains("<dd>Their wiki</dd>"), "stored is shown");
    let stored = story.stored("wiki").await.unwrap();
    assert_eq!(stored["client_name"], "Their wiki");
    // Having seen it, one may go on.
    let answer = story
        .send(&page, &filled(&[("client_name", "Our wiki")]))
        .await;
    assert_eq!(answer.status, 303);
    let stored = story.stored("wiki").await.unwrap();
    assert_eq!(stored["client_name"], "Our wiki");
    // A version that was never one changes nothing.
    let csrf = page.csrf();
    for version in ["", "0", "x"] {
        let mut form = filled(&[("client_name", "Forged")]);
        form.extend([("csrf", csrf.as_str()), ("version", version)]);
        let answer = story.browser.post("/admin/apps/wiki/edit", &form).await;
        assert_eq!(answer.status, 409);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_declares_is_changed_there_alone() {
    let story = story().await;
    let metadata = json!({ "client_name": "Filed", "redirect_uris": [REDIRECT] });
    let id = lanyard::entropy::ClientId::new("filed");
    let mut filed = client_metadata::parse(&metadata, id).unwrap();
    filed.registered_by = lanyard::protocol::client::RegisteredBy::File;
    let provider = story.house.provider();
    provider.declare_clients(&[filed]).await.unwrap();
    story.house.settled().await;
    let page = story.open("/admin/apps/filed").await;
    assert!(page.shows("This app is changed in the configuration file"));
    for id in ["edit", "new-secret", "disable", "delete"] {
        assert_eq!(page.link(id), None, "{id}");
    }
    let csrf = story.open("/admin/apps/new").await.csrf();
    let before = story.stored("filed").await;
    for deed in ["edit", "secret", "disabling", "enabling", "deletion"] {
        let address = format!("/admin/apps/filed/{deed}");
        let page = story.browser.go(&address).await.page();
        assert_eq!(page.heading(), "Filed", "{deed}");
        let mut form = filled(&[("client_name", "Forged")]);
        form.extend([
            ("csrf", csrf.as_str()),
            ("version", "1"),
            ("overlap", "0"),
            ("confirm", "filed"),
        ]);
        let answer = story.browser.post(&address, &form).await;
        let page = story.browser.follow(answer).await.page();
        assert!(page.shows("Nothing was changed here"), "{deed}");
        assert!(page.shows("Enabled"), "{deed}");
    }
    assert_eq!(story.stored("filed").await, before);

    // Taken out of the file, it can be deleted, and nothing else.
    provider.declare_clients(&[]).await.unwrap();
    story.house.settled().await;
    let page = story.open("/admin/apps/filed").await;
    assert!(page.shows("This app was taken out of the configuration file"));
    assert_eq!(page.link("edit"), None);
    let page = story
        .answer("/admin/apps/filed/deletion", &[("confirm", "filed")])
        .await;
    assert!(page.shows("The app was deleted"));
    assert_eq!(story.stored("filed").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_stays_text() {
    let story = story().await;
    let name = "\"><script>alert(1)</script>";
    let page = story
        .create(&[("client_id", "evil"), ("client_name", name)])
        .await;
    assert_eq!(page.status, 200);
    let mut pages = vec![page];
    for address in [
        "/admin/apps",
        "/admin/apps?q=%22%3E%3Cscript%3E",
        "/admin/apps/evil",
        "/admin/apps/evil/edit",
        "/admin/apps/evil/secret",
        "/admin/apps/evil/disabling",
        "/admin/apps/evil/deletion",
    ] {
        pages.push(story.open(address).await);
    }
    for page in pages {
        assert!(page.shows(name), "{}", page.url);
        assert!(!page.body.contains("<script>"), "{}", page.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_the_form_made_signs_a_person_in() {
    let story = story().await;
    let alice = story.house.person("alice").await;
    // Only for its ears, and its address.
    let ears = story.house.app("ears").await;
    let redirect = format!("{}/callback", ears.origin);
    let told_at = format!("{}/backchannel-logout", ears.origin);
    let page = story
        .create(&[
            ("client_name", "Payroll"),
            ("redirect_uris", &redirect),
            ("backchannel_logout_uri", &told_at),
            ("first_party", "yes"),
        ])
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.heading(), "The app Payroll is connected");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let secret = pasted(&page, "OIDC_CLIENT_SECRET").unwrap();
    let id = pasted(&page, "OIDC_CLIENT_ID").unwrap();
    assert!(!page.url.as_str().contains(&secret));
    assert_eq!(page.body.matches(&secret).count(), 2);
    let mut payroll = ears.at(&pasted(&page, "OIDC_REDIRECT_URI").unwrap());
    payroll.client_id = id.clone();
    payroll.secret = Some(secret.clone());
    payroll.issuer = pasted(&page, "OIDC_ISSUER").unwrap();
    assert!(page.shows("/.well-known/openid-configuration"));
    let of_alice = story.house.browser();
    let tokens = payroll.sign_in(&of_alice, &alice).await;
    payroll.refresh(tokens.refresh()).await;

    // It is in no later page.
    let page = story.open(&format!("/admin/apps/{id}")).await;
    assert!(!page.body.contains(&secret));
    assert_eq!(pasted(&page, "OIDC_CLIENT_SECRET"), None);
    assert!(page.shows("1 session, of 1 person"), "{}", page.body);
    let sessions = page.link("sessions").unwrap();
    let list = story.open(sessions.as_str()).await;
    assert!(list.shows("alice Example"));
    let audit = story.open(page.link("audit").unwrap().as_str()).await;
    assert!(audit.shows("Made an app") && audit.shows("mona"));
    assert!(!audit.body.contains(&secret));
    let list = story.open("/admin/apps?q=payR").await;
    assert!(list.shows("Payroll") && !list.shows("ears"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_secret_is_taken_for_as_long_as_was_chosen() {
    let story = story().await;
    let wiki = story.wiki().await;
    let alice = story.house.person("alice").await;
    let tokens = wiki.sign_in(&story.house.browser(), &alice).await;
    let status = async |app: &App| {
        let form = [("token", tokens.access())];
        app.machine("/oauth2/introspect", &form).await.status
    };
    let page = story
        .answer("/admin/apps/wiki/secret", &[("overlap", "1h")])
        .await;
    assert_eq!(page.heading(), "The app wiki has a new secret");
    assert!(page.shows("The old secret is taken until"));
    let mut renewed = wiki.at(&wiki.redirect_uri);
    renewed.secret = pasted(&page, "OIDC_CLIENT_SECRET");
    assert_ne!(renewed.secret, wiki.secret);
    assert_eq!(
        (status(&wiki).await, status(&renewed).await),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    let page = story.open("/admin/apps/wiki").await;
    assert!(page.shows("is taken until"), "{}", page.body);
    let page = story.open("/admin/apps/wiki/secret").await;
    assert!(page.shows("An even older secret is still taken"));
    story.house.advance(Duration::from_hours(1));
    assert_eq!(status(&wiki).await, 401);
    assert_eq!(status(&renewed).await, 200);
    let list = story.browser.go("/admin/apps/wiki").await.page();
    assert!(!list.shows("is taken until"));

    // The proof has grown stale: the form waits for another.
    let csrf = list_csrf(&story).await;
    let form = [("csrf", csrf.as_str()), ("overlap", "0")];
    let page = story.browser.post("/admin/apps/wiki/secret", &form).await;
    assert_eq!(page.heading(), "First, confirm it’s you");
    assert_eq!(status(&renewed).await, 200);
    let fresh = story.browser.go("/admin/apps/wiki/secret").await.page();
    let page = story.browser.sign_in_at(&fresh, &story.mona).await.page();
    for overlap in ["", "forever", "-1h"] {
        let answer = story.send(&page, &[("overlap", overlap)]).await;
        assert_eq!(answer.status, 400, "{overlap}");
    }
    let answer = story.send(&page, &[("overlap", "0")]).await;
    assert!(answer.shows("the old secret is refused from now on"));
    assert_eq!(status(&renewed).await, 401);
}

async fn list_csrf(story: &Story) -> String {
    story.browser.get("/account").await.csrf()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_app_is_refused_everywhere_and_told() {
    let story = story().await;
    let wiki = story.wiki().await;
    let alice = story.house.person("alice").await;
    let of_alice = story.house.browser();
    let tokens = wiki.sign_in(&of_alice, &alice).await;
    let ask = wiki.ask().with("scope", "openid profile offline_access");
    let connected = wiki.granted(&of_alice, ask).await;
    let page = story.open("/admin/apps/wiki/disabling").await;
    assert_eq!(page.heading(), "Disable the app wiki?");
    for words in ["1 session, of 1 person", "will be told", "1 connection"] {
        assert!(page.shows(words), "{words} {}", page.body);
    }
    let page = story.answer("/admin/apps/wiki/disabling", &[]).await;
    assert!(page.shows("The app is disabled"));
    assert!(page.shows("Its part in 1 session ended"), "{}", page.body);
    wiki.expect_signed_out(tokens.sid()).await;
    House::until("the page says that it was told", || async {
        let page = story.open("/admin/apps/wiki").await;
        let (_, told) = page.body.split_once("id=\"told\"").unwrap();
        told.contains("Told</span></dt><dd>1</dd>")
    })
    .await;
    for tokens in [&tokens, &connected] {
        assert_eq!(wiki.userinfo(tokens.access()).await.status, 401);
        let refused = wiki.try_refresh(tokens.refresh()).await;
        assert_eq!(refused.json()["error"], "invalid_client");
    }
    let page = wiki.send(&of_alice, &wiki.ask()).await.page();
    assert_eq!(page.status, 400);
    assert!(of_alice.is_signed_in().await, "the session goes on");
    let list = story.open("/admin/apps?state=disabled").await;
    assert!(list.shows("wiki"));
    let list = story.open("/admin/apps?state=enabled").await;
    assert!(list.shows("No app is like that"));

    let page = story.answer("/admin/apps/wiki/enabling", &[]).await;
    assert!(page.shows("The app is enabled"));
    let again = wiki.join(&of_alice).await;
    assert_ne!(again.sid(), tokens.sid());
    assert_eq!(wiki.userinfo(tokens.access()).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_deleted_by_whoever_types_its_id() {
    let story = story().await;
    let wiki = story.wiki().await;
    let alice = story.house.person("alice").await;
    let of_alice = story.house.browser();
    wiki.sign_in(&of_alice, &alice).await;
    let page = story.open("/admin/apps/wiki/deletion").await;
    assert!(page.shows("It won’t be told of these ends"));
    for typed in ["", "Wiki", "wik"] {
        let page = story.send(&page, &[("confirm", typed)]).await;
        assert_eq!(page.status, 400);
        assert!(page.shows("Type wiki to delete it"), "{typed}");
    }
    assert!(story.stored("wiki").await.is_some());
    let page = story
        .answer("/admin/apps/wiki/deletion", &[("confirm", "wiki")])
        .await;
    assert_eq!(page.heading(), "Apps");
    assert!(page.shows("Its part in 1 session ended"));
    assert_eq!(story.stored("wiki").await, None);
    assert!(of_alice.is_signed_in().await);
    for deed in [
        "",
        "/edit",
        "/secret",
        "/disabling",
        "/enabling",
        "/deletion",
    ] {
        let address = format!("/admin/apps/wiki{deed}");
        assert_eq!(story.browser.get(&address).await.status, 404, "{deed}");
    }
    let lines = story.open("/admin/audit?app=wiki").await;
    assert!(lines.shows("Deleted an app"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_comes_and_goes_with_the_kind_of_app() {
    let story = story().await;
    let page = story
        .create(&[("client_id", "spa"), ("kind", "browser")])
        .await;
    assert_eq!(pasted(&page, "OIDC_CLIENT_SECRET"), None);
    assert!(!page.shows("Copy the secret now"));
    let page = story.browser.go("/admin/apps/spa/secret").await.page();
    assert!(page.shows("The app has no secret"));
    let csrf = list_csrf(&story).await;
    let form = [("csrf", csrf.as_str()), ("overlap", "0")];
    let forged = story.browser.post("/admin/apps/spa/secret", &form).await;
    let page = story.browser.follow(forged).await.page();
    assert!(page.shows("The app has no secret"));

    let page = story.open("/admin/apps/spa/edit").await;
    let page = story.send(&page, &filled(&[])).await;
    assert_eq!(page.heading(), "The app Wiki has a secret now");
    let secret = pasted(&page, "OIDC_CLIENT_SECRET").unwrap();
    assert_eq!(secret.len(), 43);
    let page = story.open("/admin/apps/spa/edit").await;
    let answer = story.send(&page, &filled(&[("kind", "browser")])).await;
    assert_eq!(answer.status, 303);
    let stored = story.stored("spa").await.unwrap();
    assert_eq!(stored["token_endpoint_auth_method"], "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_an_app_signs_people_out_is_set_in_the_form() {
    let story = story().await;
    let wiki = ("client_id", "wiki");
    let page = story.create(&[wiki, ("logout_scope", "all")]).await;
    let error = refused_at(&page, "logout_scope");
    assert!(error.contains("sso, client, ask"), "{error}");
    assert_eq!(story.stored("wiki").await, None, "nothing was made");
    story.create(&[wiki]).await;
    let stored = story.stored("wiki").await.unwrap();
    assert_eq!(
        (&stored["logout_scope"], &stored["notify_on_idle"]),
        (&json!("sso"), &json!(true))
    );
    for (scope, notify, words) in [
        ("client", "", "They are signed out of this app only"),
        ("ask", "yes", "They are asked which of the two"),
    ] {
        let page = story.open("/admin/apps/wiki/edit").await;
        let typed = [("logout_scope", scope), ("notify_on_idle", notify)];
        assert_eq!(story.send(&page, &filled(&typed)).await.status, 303);
        let stored = story.stored("wiki").await.unwrap();
        assert_eq!(stored["logout_scope"], scope);
        assert_eq!(stored["notify_on_idle"], json!(!notify.is_empty()));
        assert!(story.open("/admin/apps/wiki").await.shows(words));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_form_does_not_touch_stays_as_it_is() {
    let story = story().await;
    let metadata = json!({
        "client_name": "Odd", "scope": "openid email", "default_max_age": 60,
        "redirect_uris": ["com.example.odd:/cb"], "application_type": "native",
        "token_endpoint_auth_method": "client_secret_post", "pin_auth_method": true,
        "logo_uri": "https://odd.example/l.png",
    });
    let provider = story.house.provider();
    let made = provider.create_client(&metadata, Some("odd.app"), &Actor::CommandLine);
    made.await.unwrap().unwrap();
    story.house.settled().await;
    let before = story.stored("odd.app").await.unwrap();
    let page = story.open("/admin/apps/odd%2Eapp/edit").await;
    assert!(page.shows("Phone or desktop app with a secret"));
    let typed = [
        ("client_name", "Even"),
        ("kind", "native_secret"),
        ("redirect_uris", "com.example.odd:/cb"),
        ("refresh_tokens", ""),
        ("scope", "openid email"),
        ("default_max_age", "60"),
        ("token_endpoint_auth_method", "client_secret_post"),
        ("pin_auth_method", "yes"),
        ("logo_uri", "https://odd.example/l.png"),
    ];
    let answer = story.send(&page, &filled(&typed)).await;
    let page = story.browser.follow(answer).await.page();
    assert!(page.shows("The app was changed"), "{}", page.body);
    let mut expected = before;
    expected["client_name"] = json!("Even");
    assert_eq!(story.stored("odd.app").await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_goes_on_where_it_stopped() {
    let story = story().await;
    let provider = story.house.provider();
    for number in 0..60 {
        let metadata = json!({
            "client_name": format!("App {number:02}"), "redirect_uris": [REDIRECT],
        });
        let id = format!("app-{number:02}");
        let made = provider.create_client(&metadata, Some(&id), &Actor::CommandLine);
        made.await.unwrap().unwrap();
    }
    let first = story.open("/admin/apps?q=APP-").await;
    assert!(first.shows("App 00") && first.shows("App 49") && !first.shows("App 50"));
    let (_, rest) = first.body.split_once("rel=\"next\" href=\"").unwrap();
    let next = rest.split('"').next().unwrap().replace("&#38;", "&");
    assert!(next.contains("q=APP-"), "{next}");
    let second = story.open(&next).await;
    assert!(!second.shows("App 49") && second.shows("App 50") && second.shows("App 59"));
    assert!(!second.body.contains("rel=\"next\""));
    for odd in ["page=%00", "page=WyJcdTAwMDAiLCIiXQ", "q=%00", "state=dead"] {
        story.open(&format!("/admin/apps?{odd}")).await;
    }
}
