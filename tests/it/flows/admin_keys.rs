//! The signing keys: seen by administrators, and changed by hand with a fresh proof.

use std::time::Duration;

use crate::support::{Browser, House, Page, Person};

struct Story {
    house: House,
    mona: Person,
    browser: Browser,
}

async fn story() -> Story {
    let house = House::open().await;
    house.look_after_keys().await;
    house.settled().await;
    let mona = house.administrator("mona").await;
    let browser = house.browser();
    browser.sign_in(&mona).await;
    Story {
        house,
        mona,
        browser,
    }
}

/// The `kid`s of an algorithm in a state.
fn in_state(page: &Page, alg: &str, state: &str) -> Vec<String> {
    let rows = page.body.split("<tr>").skip(1);
    rows.filter(|row| row.contains(&format!(">{alg}<")) && row.contains(state))
        .map(|row| {
            let (_, kid) = row.split_once("<code").unwrap();
            let (_, kid) = kid.split_once('>').unwrap();
            kid.split('<').next().unwrap().to_owned()
        })
        .collect()
}

/// The `kid` that signs.
fn signs(page: &Page, alg: &str) -> String {
    let found = in_state(page, alg, "Signs now");
    assert_eq!(found.len(), 1, "{}", page.body);
    found[0].clone()
}

impl Story {
    async fn list(&self) -> Page {
        let page = self.browser.get("/admin/keys").await;
        assert_eq!(page.status, 200);
        page
    }

    async fn rotate(&self, fields: &[(&str, &str)]) -> Page {
        let page = self.browser.get("/admin/keys/rotation?alg=ES256").await;
        assert_eq!(page.heading(), "Change the ES256 key?");
        let answer = self.browser.submit(&page, fields).await.page();
        self.house.settled().await;
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_each_key_does() {
    let story = story().await;
    let page = story.list().await;
    let jwks = story.browser.get("/oauth2/jwks").await;
    for alg in ["ES256", "RS256"] {
        let next = in_state(&page, alg, "Published, signs next");
        assert_eq!(next.len(), 1);
        for kid in [&signs(&page, alg), &next[0]] {
            assert!(jwks.body.contains(kid), "{kid}");
        }
    }
    for words in ["Replaced after", "May sign after"] {
        assert!(page.shows(words), "{words}");
    }
    assert_eq!(page.body.matches("Rotate now…").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_changed_by_hand() {
    let story = story().await;
    let before = story.list().await;
    let next = in_state(&before, "ES256", "Published, signs next");
    let page = story.browser.get("/admin/keys/rotation?alg=ES256").await;
    assert!(page.shows("Some apps may not know the next key yet"));
    let page = story.rotate(&[("alg", "ES256")]).await;
    assert!(page.shows("The ES256 key was changed"), "{}", page.body);
    let page = story.list().await;
    assert_eq!(vec![signs(&page, "ES256")], next);
    assert_eq!(signs(&page, "RS256"), signs(&before, "RS256"));
    let old = in_state(&page, "ES256", "Verifies what it signed");
    assert_eq!(old, [signs(&before, "ES256")]);
    let line = story
        .house
        .expect_audit("who did it", |line| {
            line.action == "key.promote" && line.target == format!("key:{}", next[0])
        })
        .await;
    assert_eq!(line.actor, format!("person:{}", story.mona.id));

    let page = story.rotate(&[("alg", "ES256"), ("drop", "yes")]).await;
    assert!(page.shows("The ES256 key was changed"));
    let page = story.list().await;
    assert_eq!(in_state(&page, "ES256", "Believed no more"), next);
    assert_eq!(in_state(&page, "ES256", "Verifies what it signed"), old);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_a_fresh_proof_and_a_form_of_ours() {
    let story = story().await;
    let before = signs(&story.list().await, "ES256");
    let csrf = story
        .browser
        .get("/admin/keys/rotation?alg=ES256")
        .await
        .csrf();
    let forged = [("csrf", "made up"), ("alg", "ES256")];
    let answer = story.browser.post("/admin/keys/rotation", &forged).await;
    assert_eq!(answer.status, 403);
    story.house.advance(Duration::from_mins(16));
    let page = story.browser.get("/admin/keys/rotation?alg=ES256").await;
    assert_eq!(page.status, 303);
    assert!(page.location().unwrap().path().starts_with("/login"));
    let form = [("csrf", csrf.as_str()), ("alg", "ES256")];
    let page = story.browser.post("/admin/keys/rotation", &form).await;
    assert_eq!(page.status, 403);
    assert_eq!(page.heading(), "First, confirm it’s you");
    assert_eq!(signs(&story.list().await, "ES256"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_that_is_none_changes_nothing() {
    let story = story().await;
    let page = story.browser.get("/admin/keys/rotation?alg=ES256").await;
    let csrf = page.csrf();
    for alg in ["", "none", "es256"] {
        let asked = format!("/admin/keys/rotation?alg={alg}");
        assert_eq!(story.browser.get(&asked).await.status, 404, "{alg}");
        let form = [("csrf", csrf.as_str()), ("alg", alg)];
        let answer = story.browser.post("/admin/keys/rotation", &form).await;
        assert_eq!(answer.status, 404, "{alg}");
    }
    let lines = story.house.provider().record().recent_audit(100).await;
    let by_mona = format!("person:{}", story.mona.id);
    let mut changes = lines.unwrap().into_iter();
    assert!(changes.all(|line| line.actor != by_mona || line.action == "sign_in"));
}
