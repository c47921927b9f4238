//! How far an app's sign-out goes (`logout_scope`): the whole session, the app alone, or what the
//! person chooses.

use lanyard::store::record::reference;
use serde_json::{Value, json};

use crate::support::app::Tokens;
use crate::support::{App, Browser, House, Page, Person};

/// Alice, signed in at notes, whose sign-outs reach so far, and at wiki.
struct Story {
    house: House,
    alice: Person,
    notes: App,
    in_notes: Tokens,
    wiki: App,
    in_wiki: Tokens,
    browser: Browser,
}

async fn story(scope: &str, more: Value) -> Story {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let mut metadata = more;
    metadata["logout_scope"] = json!(scope);
    let notes = house.app_with("notes", metadata).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    Story {
        in_notes: notes.join(&browser).await,
        in_wiki: wiki.join(&browser).await,
        house,
        alice,
        notes,
        wiki,
        browser,
    }
}

impl Story {
    fn home(&self) -> String {
        format!("{}/", self.notes.origin)
    }

    /// The sign-out of notes, with what proves that the session is its own.
    fn proven(&self, rest: &[(&str, &str)]) -> String {
        let hint = [("id_token_hint", self.in_notes.id_token())];
        logout(&[&hint, rest].concat())
    }

    /// Only notes is out; the session goes on, and the browser keeps it.
    async fn only_notes_is_out(&self) {
        let claims = self.notes.expect_signed_out(self.in_notes.sid()).await;
        assert_eq!(claims["sub"], Value::Null, "wiki goes on");
        self.notes.assert_dead(&self.in_notes).await;
        assert!(self.browser.is_signed_in().await);
        self.wiki.assert_alive(&self.in_wiki).await;
        self.wiki.join(&self.browser).await;
        assert!(self.wiki.logout_tokens().is_empty());
        assert_eq!(self.house.endings(&self.alice).await, [None]);
    }

    async fn everything_is_out(&self) {
        assert!(!self.browser.is_signed_in().await);
        self.notes.expect_signed_out(self.in_notes.sid()).await;
        self.wiki.expect_signed_out(self.in_wiki.sid()).await;
        self.wiki.assert_dead(&self.in_wiki).await;
    }

    /// Presses a button of the question, with the fields that its form carries.
    async fn answer(&self, page: &Page, action: &str) -> Page {
        let fields = page.hidden_fields();
        let mut form: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.push(("action", action));
        self.browser.post(page.form_action().as_str(), &form).await
    }
}

fn logout(parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/oauth2/logout?{query}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_signs_out_alone_asks_first_without_a_proof() {
    let story = story("client", json!({})).await;
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    let on_phone = story.notes.join(&phone).await;
    let home = story.home();
    let forged = format!("{}A", story.in_notes.id_token());
    for (parameters, offered) in [
        (vec![], false),
        (vec![("client_id", "wiki")], false),
        (vec![("client_id", "notes")], true),
        (
            vec![
                ("client_id", "notes"),
                ("post_logout_redirect_uri", home.as_str()),
            ],
            true,
        ),
        (vec![("id_token_hint", on_phone.id_token())], true),
        (
            vec![("id_token_hint", forged.as_str()), ("client_id", "notes")],
            true,
        ),
        (
            vec![
                ("id_token_hint", story.in_notes.id_token()),
                ("client_id", "wiki"),
            ],
            false,
        ),
    ] {
        let page = story.browser.go(&logout(&parameters)).await.page();
        assert_eq!(page.heading(), "Sign out?", "{parameters:?}");
        let offer = page.shows("Sign out of notes only");
        assert_eq!(offer, offered, "{parameters:?}");
        story.notes.assert_alive(&story.in_notes).await;
        story.wiki.assert_alive(&story.in_wiki).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_app_of_this_session_is_signed_out_and_only_by_its_own_page() {
    let story = story("client", json!({})).await;
    let phone = story.house.browser();
    phone.sign_in(&story.alice).await;
    story.notes.join(&phone).await;
    // One that is not in it has no part to sign out of.
    let other = story
        .house
        .app_with("other", json!({ "logout_scope": "client" }))
        .await;
    let page = story.browser.go(&logout(&[("client_id", "other")])).await;
    assert!(!page.page().shows("only</button>"));
    let in_other = other.join(&story.browser).await;
    let page = story.browser.go(&logout(&[("client_id", "other")])).await;
    let page = page.page();
    assert!(page.shows("Sign out of other only"));
    // The form of another session is none.
    let foreign = phone.go(&logout(&[("client_id", "notes")])).await.page();
    for csrf in ["", "x", &foreign.csrf()] {
        let form = [("csrf", csrf), ("action", "app"), ("client", "other")];
        let answer = story.browser.post("/oauth2/logout/confirm", &form).await;
        assert_eq!(answer.status, 403, "{csrf}");
    }
    let csrf = page.csrf();
    let form = [("csrf", csrf.as_str()), ("action", "app")];
    let answer = story.browser.post("/oauth2/logout/confirm", &form).await;
    assert_eq!(answer.status, 400, "which app?");
    // One that nobody has heard of was signed out by nobody.
    let form = [
        ("csrf", csrf.as_str()),
        ("action", "app"),
        ("client", "unheard-of"),
    ];
    let answer = story.browser.post("/oauth2/logout/confirm", &form).await;
    let page = story.browser.follow(answer).await.page();
    assert_eq!(page.heading(), "Your account");
    other.assert_alive(&in_other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_signs_out_alone_and_gets_its_person_back() {
    let story = story("client", json!({})).await;
    let home = story.home();
    let cookie = story.browser.cookie("lanyard");
    let url = story.proven(&[("post_logout_redirect_uri", &home), ("state", "s")]);
    let answer = story.browser.get(&url).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some(&*format!("{home}?state=s")));
    assert!(!answer.sets_cookie("lanyard"), "the cookie stays");
    assert_eq!(story.browser.cookie("lanyard"), cookie);
    story.only_notes_is_out().await;
    let line = story
        .house
        .expect_audit("which app signed out", |line| {
            line.action == "session.end_client"
        })
        .await;
    assert_eq!(line.reason.as_deref(), Some("client"));
    assert_eq!(
        (line.actor.as_str(), line.target.as_str()),
        ("client:notes", "notes")
    );
    // The same request again, as by a reload: nothing more ends.
    assert_eq!(story.browser.get(&url).await.status, 303);
    story.only_notes_is_out().await;
    assert_eq!(story.notes.logout_tokens().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_way_back_the_page_says_that_the_rest_goes_on() {
    let story = story("client", json!({})).await;
    let page = story.browser.go(&story.proven(&[])).await.page();
    assert_eq!(page.heading(), "You are signed out of notes");
    assert!(page.shows("Only this app was signed out"));
    assert!(page.shows("You are still signed in to Lanyard on this device"));
    assert!(page.shows("Go back to your account") && !page.shows("Sign in again"));
    assert!(!page.shows("wiki"), "it has nothing to do with it");
    let again = page.url.clone();
    House::until("the receipt is there", || async {
        let page = story.browser.get(again.as_str()).await;
        page.shows("Signed out</span>")
    })
    .await;
    story.only_notes_is_out().await;
    // Who is not signed in is told of a session that goes on, but not of theirs.
    let elsewhere = story.house.browser();
    elsewhere.plant_cookie(
        "lanyard-view",
        &story.browser.cookie("lanyard-view").unwrap(),
    );
    let elsewhere = elsewhere.get(again.as_str()).await;
    assert!(elsewhere.shows("That session goes on") && elsewhere.shows("Sign in again"));
    let session = story.house.session_of(&story.alice).await;
    story.house.end(session).await;
    let after = story.browser.get(again.as_str()).await;
    assert!(after.shows("The session itself has ended since"));
    assert!(!after.shows("still signed in"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_app_itself_is_told_by_a_frame() {
    let framed = |id: &str| {
        json!({
            "backchannel_logout_uri": null,
            "frontchannel_logout_uri": format!("https://{id}.example/out"),
            "redirect_uris": [format!("https://{id}.example/callback")],
            "post_logout_redirect_uris": [format!("https://{id}.example/")],
        })
    };
    let story = story("client", framed("notes")).await;
    let chat = story.house.app_with("chat", framed("chat")).await;
    let in_chat = chat.join(&story.browser).await;
    let url = story.proven(&[("post_logout_redirect_uri", "https://notes.example/")]);
    let page = story.browser.go(&url).await.page();
    assert_eq!(page.heading(), "You are signed out of notes");
    assert_eq!(page.body.matches("<iframe").count(), 1);
    assert!(page.shows(&format!("sid={}\"", story.in_notes.sid())));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-src https://notes.example"));
    assert!(!policy.contains("chat.example"));
    assert!(page.shows("href=\"https://notes.example/\" data-continue"));
    assert!(!page.sets_cookie("lanyard"));
    chat.assert_alive(&in_chat).await;
    assert!(story.browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_asked_chooses_the_app_alone() {
    // An app with the scope `client` that can't prove itself asks, and offers the same.
    for (scope, proves) in [("ask", true), ("ask", false), ("client", false)] {
        let story = story(scope, json!({})).await;
        let home = story.home();
        let url = if proves {
            story.proven(&[("post_logout_redirect_uri", &home), ("state", "s")])
        } else {
            logout(&[("client_id", "notes")])
        };
        let page = story.browser.go(&url).await.page();
        assert_eq!(page.heading(), "Sign out?");
        assert!(page.shows("Sign out of notes only") && page.shows("Sign out of all apps"));
        let stay = story.browser.follow(story.answer(&page, "stay").await);
        assert_eq!(stay.await.page().heading(), "Your account");
        story.notes.assert_alive(&story.in_notes).await;

        let answer = story.answer(&page, "app").await;
        assert!(!answer.sets_cookie("lanyard"));
        if proves {
            assert_eq!(answer.header("location"), Some(&*format!("{home}?state=s")));
        } else {
            let page = story.browser.follow(answer).await.page();
            assert_eq!(page.heading(), "You are signed out of notes");
        }
        story.only_notes_is_out().await;
        let line = story
            .house
            .expect_audit("who chose it", |line| line.action == "session.end_client")
            .await;
        assert_eq!(line.reason.as_deref(), Some("user"));
        assert_eq!(line.actor, format!("person:{}", story.alice.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_asked_chooses_everything() {
    let story = story("ask", json!({})).await;
    let home = story.home();
    let url = story.proven(&[("post_logout_redirect_uri", &home)]);
    let page = story.browser.go(&url).await.page();
    let answer = story.answer(&page, "logout").await;
    assert_eq!(answer.header("location"), Some(home.as_str()));
    assert!(answer.sets_cookie("lanyard"), "it is taken away");
    story.everything_is_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_the_usual_kind_signs_out_everywhere() {
    let story = story("sso", json!({})).await;
    let page = story.browser.go(&logout(&[("client_id", "notes")])).await;
    assert!(!page.page().shows("notes only"));
    let page = story.browser.go(&story.proven(&[])).await.page();
    assert_eq!(page.heading(), "You are signed out");
    story.everything_is_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_access_survives_a_sign_out_of_the_app_alone() {
    let story = story("client", json!({})).await;
    let ask = story.notes.ask().with("scope", "openid offline_access");
    let offline = story.notes.granted(&story.browser, ask).await;
    story.browser.go(&story.proven(&[])).await;
    story.notes.assert_dead(&story.in_notes).await;
    let offline = story.notes.refresh(offline.refresh()).await;
    story.notes.assert_alive(&offline).await;
    // By the person's own hand it is a sign-out just as well.
    story.notes.come_back(&story.browser).await;
    let session = reference(story.house.session_of(&story.alice).await);
    let csrf = story.browser.get("/account").await.csrf();
    let form = [
        ("csrf", csrf.as_str()),
        ("session", &session),
        ("client", "notes"),
    ];
    let answer = story.browser.post("/account/sessions/end-app", &form).await;
    assert_eq!(answer.status, 303);
    story.notes.refresh(offline.refresh()).await;
}
