//! An administrator makes people, changes them, and shows them out.

use std::time::Duration;

use lanyard::entropy::UserId;
use lanyard::identity::user::{LoginKey, User};
use lanyard::session::ending::{Actor, Reason};
use serde_json::json;

use crate::support::{Browser, House, Page, Person};

const HOSTILE: &str = "<script>alert(\"x\")</script>&amp;";

/// Mona, who administers, and alice.
struct Story {
    house: House,
    mona: Person,
    browser: Browser,
    csrf: String,
    alice: Person,
}

async fn story() -> Story {
    let house = House::open().await;
    let mona = house.administrator("mona").await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&mona).await;
    Story {
        csrf: browser.get("/account").await.csrf(),
        house,
        mona,
        browser,
        alice,
    }
}

fn fields(page: &Page) -> Vec<(String, String)> {
    page.hidden_fields()
        .into_iter()
        .filter(|(name, _)| name != "csrf")
        .collect()
}

impl Story {
    async fn get(&self, path: &str) -> Page {
        self.browser.get(&format!("/admin/people{path}")).await
    }

    async fn list(&self, query: &str) -> Page {
        let page = self.get(query).await;
        assert_eq!(
            (page.status.as_u16(), page.heading()),
            (200, "People".to_owned())
        );
        page
    }

    async fn of(&self, person: &Person) -> Page {
        let page = self.get(&format!("/{}", person.id)).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        let mut all = vec![("csrf", self.csrf.as_str())];
        all.extend_from_slice(form);
        let page = self
            .browser
            .post(&format!("/admin/people{path}"), &all)
            .await;
        self.house.settled().await;
        page
    }

    /// Does something to a person, up to the page that tells the outcome.
    async fn act(&self, person: &Person, deed: &str, form: &[(&str, &str)]) -> Page {
        let path = format!("/{}/{deed}", person.id);
        assert_eq!(self.get(&path).await.status, 200, "it is asked first");
        let answer = self.post(&path, form).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.browser.follow(answer).await.page()
    }

    /// A form of alice's claims with some changed.
    async fn edit(&self, changes: &[(&str, &str)], version: Option<&str>) -> Page {
        let path = format!("/{}/edit", self.alice.id);
        let page = self.get(&path).await;
        let shown = page.hidden("version").unwrap();
        let mut form = vec![
            ("version", version.unwrap_or(&shown)),
            ("username", "alice"),
            ("email", "alice@example.com"),
            ("email_verified", "yes"),
            ("name", "alice Example"),
            ("given_name", "alice"),
            ("family_name", "Example"),
        ];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            if !value.is_empty() {
                form.push((name, value));
            }
        }
        self.post(&path, &form).await
    }

    async fn stored(&self, id: &UserId) -> Option<User> {
        self.house.provider().record().user(id).await.unwrap()
    }

    async fn named(&self, username: &str) -> Option<User> {
        let record = self.house.provider().record();
        let found = record.user_by_login(&LoginKey::new(username)).await;
        found.unwrap()
    }

    /// Whether name and password belong together, by the record.
    async fn opens(&self, user: &User, password: &str) -> bool {
        let browser = self.house.browser();
        let page = browser.go("/account").await.page();
        let answer = browser.try_password(&page, &user.username, password).await;
        // Right ones lead on, whatever is asked next; wrong ones are asked again here.
        !answer.shows("That didn’t match")
    }
}

/// The names in the rows of the list.
fn rows(page: &Page) -> Vec<String> {
    let rows = page.body.split("<th scope=\"row\">").skip(1);
    rows.map(|row| {
        let (_, rest) = row.split_once("<span class=\"soft\">").unwrap();
        rest.split('<').next().unwrap().to_owned()
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_there_has_no_pages() {
    let story = story().await;
    for id in ["u_nobody", "%00", "..%2F..", &"x".repeat(600)] {
        for page in ["", "/edit", "/password", "/disable", "/delete", "/fly"] {
            let path = format!("/{id}{page}");
            assert_eq!(story.get(&path).await.status, 404, "{path}");
            if !page.is_empty() {
                let form = [("how", "generate"), ("username", "")];
                assert_eq!(story.post(&path, &form).await.status, 404, "{path}");
            }
        }
    }
    let path = format!("/{}/fly", story.alice.id);
    assert_eq!(story.get(&path).await.status, 404);
    assert_eq!(story.post(&path, &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_a_new_person_is_said_at_once() {
    let story = story().await;
    let form = [
        ("username", " "),
        ("email", "nowhere"),
        ("name", HOSTILE),
        ("website", "javascript:alert(1)"),
        ("birthdate", "yesterday"),
        ("how", "typed"),
        ("password", "secret7"),
        ("admin", "yes"),
    ];
    let page = story.post("/new", &form).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("<title>Problem: Create a person"));
    assert!(page.shows("Not created: 5 fields need your attention"));
    for said in [
        "This is empty: write a name to sign in with.",
        "This is no mail address",
        "This is not an http or https address",
        "This is not a date",
        "Use at least 8 characters.",
    ] {
        assert!(page.shows(said), "{said} {}", page.body);
    }
    assert_eq!(page.body.matches("aria-invalid=\"true\"").count(), 5);
    // What was typed is kept, but not the password.
    assert!(page.shows("value=\"nowhere\"") && page.shows("value=\"yesterday\""));
    assert!(!page.body.contains("secret7"));
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    assert!(page.body.contains("name=\"admin\" value=\"yes\" checked"));
    assert!(page.body.contains("value=\"typed\" checked"));
    assert!(page.body.contains("<details class=\"card\" open>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_person_takes_nobodys_name() {
    let story = story().await;
    for (username, email, field) in [
        ("ALICE", "new@example.com", "username"),
        ("alice@example.com", "new@example.com", "username"),
        ("newcomer", "Alice@Example.com", "email"),
        ("newcomer", "mona@example.com", "email"),
    ] {
        let form = [
            ("username", username),
            ("email", email),
            ("how", "generate"),
        ];
        let page = story.post("/new", &form).await;
        assert_eq!(page.status, 409, "{username} {email}");
        assert!(
            page.body.contains(&format!("id=\"{field}-error\"")),
            "{}",
            page.body
        );
        assert!(page.shows("This belongs to somebody already"));
    }
    assert_eq!(story.named("newcomer").await, None);
    assert_eq!(story.named("new@example.com").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_never_made_up_unasked() {
    let story = story().await;
    let made = "password  <span";
    // As the form comes back from the confirmation of who asks: without the password.
    for (how, said) in [
        (
            Some("typed"),
            "It isn’t kept while you confirm that it’s you",
        ),
        (None, "Choose one of the two."),
        (Some("guess"), "Choose one of the two."),
    ] {
        let mut form = vec![("username", "noor")];
        form.extend(how.map(|how| ("how", how)));
        for path in ["/new".to_owned(), format!("/{}/password", story.alice.id)] {
            let page = story.post(&path, &form).await;
            assert_eq!(page.status, 400, "{path} {how:?}");
            assert!(
                page.shows(said) && !page.body.contains(made),
                "{}",
                page.body
            );
        }
    }
    assert_eq!(story.named("noor").await, None);
    let alice = story.stored(&story.alice.id).await.unwrap();
    assert!(!alice.must_change_password);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_proof_keeps_what_was_typed_but_the_password() {
    let story = story().await;
    story.house.advance(Duration::from_mins(16));
    let form = [
        ("username", "noor"),
        ("how", "typed"),
        ("password", "violet harbour kettle"),
    ];
    let page = story.post("/new", &form).await;
    assert_eq!(page.heading(), "First, confirm it’s you");
    assert!(!page.body.contains("violet"));
    assert_eq!(story.named("noor").await, None);
    let proof = story.browser.go("/admin/confirmed").await.page();
    story.browser.sign_in_at(&proof, &story.mona).await.page();
    let kept = fields(&page);
    let kept: Vec<_> = kept
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(kept, [("username", "noor"), ("how", "typed")]);
    let page = story.post("/new", &kept).await;
    assert_eq!(page.status, 400);
    assert!(page.shows("value=\"noor\""));
    let form = [kept[0], kept[1], ("password", "violet harbour kettle")];
    assert_eq!(story.post("/new", &form).await.status, 303);
    assert!(story.named("noor").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_made_with_a_password_that_is_shown_once() {
    let story = story().await;
    let page = story.get("/new").await;
    assert_eq!(page.heading(), "Create a person");
    assert!(page.body.contains("value=\"generate\" checked"));
    let form = [
        ("username", " noor "),
        ("email", "noor@example.com"),
        ("email_verified", "yes"),
        ("name", "Noor Haddad"),
        ("locale", "fr"),
        ("nickname", " "),
        ("how", "generate"),
        ("password", ""),
        ("admin", "yes"),
    ];
    let page = story.post("/new", &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let (_, rest) = page.body.split_once("<span id=\"password\">").unwrap();
    let password = rest.split('<').next().unwrap().to_owned();
    let noor = story.named("noor").await.unwrap();
    assert_eq!((noor.admin, noor.must_change_password), (true, true));
    assert_eq!(noor.username, "noor");
    assert_eq!(noor.profile.locale.as_deref(), Some("fr"));
    assert_eq!(
        (
            noor.profile.nickname.as_deref(),
            noor.profile.email_verified
        ),
        (None, true)
    );
    assert!(story.opens(&noor, &password).await);
    assert!(!story.opens(&noor, "another of the kind").await);
    // Nowhere else.
    let onward = page.link("on").unwrap();
    assert!(!onward.as_str().contains(&password));
    let page = story.browser.get(onward.as_str()).await;
    assert_eq!(page.heading(), "Noor Haddad");
    assert!(page.shows("The account is there") && page.shows("Must change password"));
    assert!(!page.body.contains(&password));
    let line = story
        .house
        .expect_audit("who made her", |line| line.action == "person.create")
        .await;
    assert_eq!(line.actor, format!("person:{}", story.mona.id));
    // Sent again, it makes nobody else.
    assert_eq!(story.post("/new", &form).await.status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_searched_filtered_and_turned() {
    let story = story().await;
    assert_eq!(rows(&story.list("").await), ["alice", "mona"]);
    let disabled = story.house.person("abel").await;
    story.house.enable(&disabled, false).await;
    for (query, expected) in [
        ("?q=ALI", &["alice"][..]),
        ("?q=example", &["abel", "alice", "mona"]),
        ("?q=mona%40", &["mona"]),
        ("?who=disabled", &["abel"]),
        ("?who=enabled&q=a", &["alice"]),
        ("?who=administrators", &["mona"]),
        ("?q=lice", &[]),
    ] {
        let mut found = rows(&story.list(query).await);
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    let page = story.list("?q=alicia").await;
    assert!(page.shows("Nobody is called “alicia”"));
    let page = story.list("?who=dead&page=1&q=%00").await;
    assert!(page.shows("“dead” is no choice for “who”"));
    assert!(page.shows("The link to this place in the list is broken"));
    let page = story.list("").await;
    assert!(page.shows("Administrator") && page.shows("You") && page.shows("Never"));
    for place in 0..52 {
        story.house.person(&format!("zed{place:02}")).await;
    }
    for query in ["", "?q=zed"] {
        let first = story.list(query).await;
        assert_eq!(rows(&first).len(), 50);
        assert_eq!(first.link("first"), None);
        let next = story
            .browser
            .get(first.link("next").unwrap().as_str())
            .await;
        assert!(!rows(&next).is_empty());
        assert!(rows(&next).iter().all(|row| !rows(&first).contains(row)));
        assert_eq!(next.link("next"), None);
        let again = story
            .browser
            .get(next.link("first").unwrap().as_str())
            .await;
        assert_eq!(rows(&again), rows(&first));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_page_tells_what_there_is_of_them() {
    let story = story().await;
    let notes = story
        .house
        .app_with("notes", json!({"first_party": false}))
        .await;
    let browser = story.house.browser();
    browser.sign_in(&story.alice).await;
    let record = story.house.provider().record();
    let scopes = ["openid".to_owned(), "profile".to_owned()];
    let now = story.house.clock.now();
    record
        .save_consent(&story.alice.id, &notes.id(), &scopes, now)
        .await
        .unwrap();
    let page = story.of(&story.alice).await;
    assert_eq!(page.heading(), "alice Example");
    for said in [
        "alice@example.com",
        "Verified",
        "1 live session",
        "With a password",
    ] {
        assert!(page.shows(said), "{said} {}", page.body);
    }
    assert!(page.shows(story.alice.id.as_str()) && page.shows("openid profile"));
    let list = story
        .browser
        .get(page.link("sessions").unwrap().as_str())
        .await;
    assert!(list.shows("Only sessions of"));
    assert_eq!(list.link("person"), Some(page.url.clone()), "and back");
    let audit = story
        .browser
        .get(page.link("audit").unwrap().as_str())
        .await;
    assert_eq!(audit.status, 200);
    assert!(audit.shows("Signed in"));
    // The session leads to the person.
    let (_, rest) = list
        .body
        .split_once("<th scope=\"row\"><a href=\"")
        .unwrap();
    let session = story.browser.get(rest.split('"').next().unwrap()).await;
    assert_eq!(session.link("person"), Some(page.url));
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_edited_and_apps_see_them() {
    let story = story().await;
    let wiki = story.house.app("wiki").await;
    let browser = story.house.browser();
    let tokens = wiki.sign_in(&browser, &story.alice).await;
    let answer = story
        .edit(&[("name", "Alice Moreau"), ("nickname", "Al")], None)
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = story.browser.follow(answer).await.page();
    assert!(page.shows("What you changed is saved"));
    assert_eq!(page.heading(), "Alice Moreau");
    let told = wiki.userinfo(tokens.access()).await.json();
    assert_eq!(
        (&told["name"], &told["nickname"]),
        (&json!("Alice Moreau"), &json!("Al"))
    );
    let alice = story.stored(&story.alice.id).await.unwrap();
    assert!(alice.profile.email_verified);
    // The mark does not go over to another address by itself.
    let answer = story.edit(&[("email", "moreau@example.com")], None).await;
    let page = story.browser.follow(answer).await.page();
    assert!(page.shows("isn’t marked as verified"));
    assert!(page.shows("Not verified"));
    let answer = story.edit(&[("email", "a.moreau@example.com")], None).await;
    let page = story.browser.follow(answer).await.page();
    assert!(page.shows("What you changed is saved"));
    let alice = story.stored(&story.alice.id).await.unwrap();
    assert!(alice.profile.email_verified, "it was said anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_refused_changes_nothing() {
    let story = story().await;
    let before = story.stored(&story.alice.id).await;
    let page = story
        .edit(&[("username", "mona"), ("name", HOSTILE)], None)
        .await;
    assert_eq!(page.status, 409);
    assert!(page.body.contains("id=\"username-error\"") && page.shows("value=\"mona\""));
    assert!(!page.body.contains("<script>alert"));
    let page = story.edit(&[("username", ""), ("locale", "?")], None).await;
    assert_eq!(page.status, 400);
    assert!(page.shows("Not saved: 2 fields need your attention"));
    assert_eq!(story.stored(&story.alice.id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_edit_at_once_see_each_others_work() {
    let story = story().await;
    let path = format!("/{}/edit", story.alice.id);
    let version = story.get(&path).await.hidden("version").unwrap();
    let answer = story.edit(&[("given_name", "Alix")], Some(&version)).await;
    assert_eq!(answer.status, 303);
    let mine = [("family_name", "Moreau")];
    for stale in [version.as_str(), "", "x"] {
        let page = story.edit(&mine, Some(stale)).await;
        assert_eq!(page.status, 409);
        assert!(page.shows("Not saved: somebody else changed this meanwhile"));
        assert!(page.shows("Stored now: Alix") && page.shows("Stored now: Example"));
        assert!(page.shows("value=\"Moreau\""), "what was typed is kept");
        let stored = story.stored(&story.alice.id).await.unwrap();
        assert_eq!(stored.profile.family_name.as_deref(), Some("Example"));
        // Whoever was shown that may put theirs in its place.
        if stale == "x" {
            let shown = page.hidden("version").unwrap();
            let answer = story.edit(&mine, Some(&shown)).await;
            assert_eq!(answer.status, 303);
        }
    }
    let stored = story.stored(&story.alice.id).await.unwrap();
    assert_eq!(stored.profile.family_name.as_deref(), Some("Moreau"));
    assert_eq!(stored.profile.given_name.as_deref(), Some("alice"));
    // What was wrong in between does not renew an edit.
    let version = story.get(&path).await.hidden("version").unwrap();
    assert_eq!(story.edit(&[("given_name", "Ali")], None).await.status, 303);
    let page = story.edit(&[("locale", "?")], Some(&version)).await;
    assert_eq!(page.hidden("version").unwrap(), version);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_is_out_and_the_apps_are_told() {
    let story = story().await;
    let wiki = story.house.app("wiki").await;
    let calendar = story
        .house
        .app_with("calendar", json!({"backchannel_logout_uri": null}))
        .await;
    let browser = story.house.browser();
    let tokens = wiki.sign_in(&browser, &story.alice).await;
    calendar.join(&browser).await;
    let path = format!("/{}/disable", story.alice.id);
    let page = story.get(&path).await;
    assert_eq!(page.heading(), "Disable alice Example?");
    assert!(page.shows("1 session ends.") && page.shows("Disable and end 1 session"));
    assert!(page.shows("<strong>1 app</strong> will be told: wiki."));
    assert!(page.shows("calendar can’t be told"));
    assert!(browser.is_signed_in().await, "to ask ends nothing");

    let page = story.act(&story.alice, "disable", &[]).await;
    assert!(
        page.shows("1 session ended. They can’t sign in any more."),
        "{}",
        page.body
    );
    assert!(!browser.is_signed_in().await);
    let told = wiki.expect_signed_out(tokens.sid()).await;
    assert_eq!(told["sub"], json!(story.alice.id.as_str()));
    assert_eq!(
        story.house.endings(&story.alice).await,
        [Some(Reason::Disabled)]
    );
    let (_, rest) = page.body.split_once("href=\"/admin/sessions/told").unwrap();
    let receipts = rest.split('"').next().unwrap().replace("&#38;", "&");
    let receipts = story
        .browser
        .get(&format!("/admin/sessions/told{receipts}"))
        .await;
    assert_eq!(receipts.heading(), "1 session ended");
    let again = story.house.browser();
    let sign_in = again.go("/account").await.page();
    let refused = again.sign_in_at(&sign_in, &story.alice).await.page();
    assert!(refused.shows("That didn’t match"));

    let page = story.act(&story.alice, "enable", &[]).await;
    assert!(page.shows("They may sign in again"));
    again.sign_in(&story.alice).await;
    // A link that says what is not so says nothing.
    let page = story
        .get(&format!("/{}?done=disabled", story.alice.id))
        .await;
    assert!(!page.shows("They can’t sign in any more"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deleted_is_gone_but_for_the_id() {
    let story = story().await;
    let browser = story.house.browser();
    browser.sign_in(&story.alice).await;
    let path = format!("/{}/delete", story.alice.id);
    assert!(
        story
            .get(&path)
            .await
            .shows("The username is <strong>alice</strong>")
    );
    for typed in ["", "mona", HOSTILE] {
        let page = story.post(&path, &[("username", typed)]).await;
        assert_eq!(page.status, 400);
        assert!(page.shows("Nothing was deleted"));
        assert!(page.body.contains("id=\"username-error\""));
        assert!(!page.body.contains("<script>alert"));
    }
    assert!(browser.is_signed_in().await);
    let page = story
        .act(&story.alice, "delete", &[("username", "Alice")])
        .await;
    assert_eq!(page.heading(), "People");
    assert!(page.shows("The person is deleted") && page.shows("1 session ended."));
    assert_eq!(rows(&page), ["mona"]);
    assert!(!browser.is_signed_in().await);
    let page = story.get(&format!("/{}", story.alice.id)).await;
    assert_eq!(page.status, 404);
    let again = story.house.browser();
    let sign_in = again.go("/account").await.page();
    let refused = again.sign_in_at(&sign_in, &story.alice).await.page();
    assert!(refused.shows("That didn’t match"));
    // Their ended session has a page that leads nowhere.
    let ended = story.browser.get("/admin/sessions?state=ended").await;
    let (_, rest) = ended
        .body
        .split_once("<th scope=\"row\"><a href=\"")
        .unwrap();
    let session = story.browser.get(rest.split('"').next().unwrap()).await;
    assert_eq!(
        (session.status.as_u16(), session.link("person")),
        (200, None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_ends_what_the_old_one_began() {
    let story = story().await;
    let browser = story.house.browser();
    browser.sign_in(&story.alice).await;
    let path = format!("/{}/password", story.alice.id);
    assert!(story.get(&path).await.shows("Set it and end 1 session"));
    for weak in ["alice", "password", "alice@example.com"] {
        let form = [("how", "typed"), ("password", weak)];
        let page = story.post(&path, &form).await;
        assert_eq!(page.status, 400, "{weak}");
        assert!(page.shows("The password was not set"));
        assert!(page.body.contains("id=\"password-error\""));
    }
    assert!(browser.is_signed_in().await);
    let typed = [("how", "typed"), ("password", " violet harbour kettle")];
    let page = story.act(&story.alice, "password", &typed).await;
    assert!(
        page.shows("1 session ended. They must change it"),
        "{}",
        page.body
    );
    assert!(!browser.is_signed_in().await);
    assert_eq!(
        story.house.endings(&story.alice).await,
        [Some(Reason::CredentialChange)]
    );
    let alice = story.stored(&story.alice.id).await.unwrap();
    assert!(alice.must_change_password);
    assert!(
        story.opens(&alice, " violet harbour kettle").await,
        "as it was typed"
    );
    assert!(!story.opens(&alice, &story.alice.password).await);
    let page = story.post(&path, &[("how", "generate")]).await;
    assert_eq!(
        (page.status.as_u16(), page.header("cache-control")),
        (200, Some("no-store"))
    );
    assert_eq!(page.heading(), "The temporary password of alice Example");
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_session_outlives_ones_own_temporary_password() {
    let story = story().await;
    let elsewhere = story.house.browser();
    elsewhere.sign_in(&story.mona).await;
    let path = format!("/{}/password", story.mona.id);
    let page = story.get(&path).await;
    assert!(page.shows("1 session ends.") && page.shows("Your own session, here, goes on."));
    let before = story.house.sessions_of(&story.mona).await.len();
    let form = [("how", "typed"), ("password", "violet harbour kettle")];
    assert_eq!(story.post(&path, &form).await.status, 303);
    let after = story.house.sessions_of(&story.mona).await.len();
    assert_eq!((before, after), (2, 1));
    assert!(!elsewhere.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_is_given_and_taken() {
    let story = story().await;
    let of_alice = story.house.browser();
    of_alice.sign_in(&story.alice).await;
    assert_eq!(of_alice.get("/admin/people").await.status, 403);
    let page = story.act(&story.alice, "promote", &[]).await;
    assert!(page.shows("Now an administrator"));
    assert_eq!(of_alice.get("/admin/people").await.status, 200);
    let page = story.act(&story.alice, "demote", &[]).await;
    assert!(page.shows("Not an administrator any more"));
    assert_eq!(of_alice.get("/admin/people").await.status, 403);
    assert!(of_alice.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_one() {
    let story = story().await;
    for (deed, form) in [
        ("disable", &[][..]),
        ("demote", &[]),
        ("delete", &[("username", "mona")]),
    ] {
        let path = format!("/{}/{deed}", story.mona.id);
        let page = story.get(&path).await;
        assert!(page.shows("This is your own account."), "{deed}");
        let page = story.post(&path, form).await;
        assert_eq!(page.status, 409, "{deed}");
        assert!(page.shows("This is the last administrator who can sign in"));
        assert!(page.body.contains("<title>Problem: "));
    }
    let mona = story.stored(&story.mona.id).await.unwrap();
    assert!(mona.admin && mona.enabled && story.browser.is_signed_in().await);
    // With another one, she may leave.
    let actor = Actor::CommandLine;
    let record = story.house.provider().record();
    record
        .set_admin(&story.alice.id, true, &actor)
        .await
        .unwrap();
    let path = format!("/{}/demote", story.mona.id);
    let answer = story.post(&path, &[]).await;
    let page = story.browser.follow(answer).await.page();
    assert_eq!(page.heading(), "Your account");
    assert_eq!(story.get("").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_stay_text() {
    let story = story().await;
    let form = [
        ("username", HOSTILE),
        ("name", HOSTILE),
        ("gender", HOSTILE),
        ("how", "typed"),
        ("password", "violet harbour kettle"),
    ];
    let answer = story.post("/new", &form).await;
    let page = story.browser.follow(answer).await.page();
    assert_eq!(page.heading(), HOSTILE);
    let person = Person {
        id: story.named(HOSTILE).await.unwrap().id,
        ..story.alice.clone()
    };
    let mut pages = vec![page, story.list("").await, story.list("?q=%3Cscript").await];
    for path in ["edit", "password", "disable", "delete", "promote"] {
        pages.push(story.get(&format!("/{}/{path}", person.id)).await);
    }
    for page in pages {
        assert_eq!(page.status, 200);
        assert!(page.shows(HOSTILE), "{}", page.url);
        assert!(!page.body.contains("<script>alert"), "{}", page.url);
    }
}
