//! Tokens that are bound to a key (RFC 9449): the good way through each grant; then, in the files
//! below, all that is refused.

mod marks;
mod nonces;
mod proofs;
mod refresh;
mod requests;
mod userinfo;

use lanyard::protocol::jose::JwsAlg;
use serde_json::{Value, json};

use crate::support::app::{Tokens, value};
use crate::support::holder::{PUSHED, TOKEN};
use crate::support::tokens::refusal;
use crate::support::{App, Browser, Holder, House, Page, Person};

/// A browser app whose person is signed in, and the key that its tokens are bound to.
pub(super) struct Scene {
    pub(super) house: House,
    pub(super) app: App,
    pub(super) alice: Person,
    pub(super) browser: Browser,
    pub(super) holder: Holder,
    pub(super) tokens: Tokens,
}

impl Scene {
    pub(super) async fn open() -> Self {
        let house = House::open().await;
        let app = house.public_app("spa").await;
        Self::of(house, app).await
    }

    pub(super) async fn of(house: House, app: App) -> Self {
        let alice = house.person("alice").await;
        let browser = house.browser();
        browser.sign_in(&alice).await;
        let holder = Holder::of(&house);
        let tokens = app.join_by(&holder, &browser).await;
        Self {
            house,
            app,
            alice,
            browser,
            holder,
            tokens,
        }
    }

    /// Redeems a fresh code with these `DPoP` headers.
    pub(super) async fn redeem_with(&self, proofs: &[&str]) -> (Page, String) {
        let (code, ask) = self.app.fresh_code(&self.browser).await;
        let headers: Vec<_> = proofs.iter().map(|proof| ("DPoP", *proof)).collect();
        let form = self.app.redemption(&code, &ask);
        let page = self.app.machine_with(TOKEN, &headers, &form).await;
        if page.status != 200 {
            // What was refused cost nothing.
            self.app.redeem_by(&self.holder, &code, &ask).await;
        }
        (page, code)
    }

    /// Neither door takes a proof that is changed so.
    pub(super) async fn expect_refused(&self, changes: Value) {
        let proof = self.holder.for_token(&changes);
        self.expect_refused_at_token(&[&proof], "invalid_dpop_proof")
            .await;
        let access = self.tokens.access();
        let proof = self.holder.for_userinfo(access, &changes);
        self.expect_refused_at_userinfo(&[&proof], "invalid_dpop_proof")
            .await;
    }

    pub(super) async fn expect_refused_at_token(&self, proofs: &[&str], error: &str) {
        let (page, _) = self.redeem_with(proofs).await;
        assert_eq!(refusal(&page), error, "{}", page.body);
    }

    pub(super) async fn expect_refused_at_userinfo(&self, proofs: &[&str], error: &str) {
        let access = self.tokens.access();
        let page = self.app.userinfo_with(access, proofs).await;
        expect_challenge(&page, error);
        let good = self.app.userinfo_by(&self.holder, access).await;
        assert_eq!(good.status, 200, "{}", good.body);
    }
}

/// 401 in the words of RFC 9449, 7.1.
pub(super) fn expect_challenge(page: &Page, error: &str) {
    assert_eq!(page.status, 401, "{}", page.body);
    assert_eq!(page.json()["error"], error);
    assert_eq!(page.json()["sub"], Value::Null);
    let challenge = page.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with(&format!("DPoP error=\"{error}\"")),
        "{challenge}"
    );
    assert!(challenge.contains("algs=\"RS256 "), "{challenge}");
}

/// What an access token says.
fn jkt_of(claims: &Value) -> &Value {
    &claims["cnf"]["jkt"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_and_its_refresh_tokens_yield_tokens_of_that_key() {
    let scene = Scene::open().await;
    let (app, holder) = (&scene.app, &scene.holder);
    let mut tokens = scene.tokens.clone();
    for _ in 0..3 {
        let claims = app.access_claims(tokens.access()).await;
        assert_eq!(jkt_of(&claims), holder.jkt());
        let page = app.userinfo_by(holder, tokens.access()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(page.json()["sub"], tokens.claims["sub"]);
        tokens = app.refresh_by(holder, tokens.refresh()).await;
    }
    // Revocation needs no proof: it only takes away.
    assert_eq!(app.revoke(tokens.refresh()).await.status, 200);
    assert_eq!(
        app.refused_refresh_by(holder, tokens.refresh()).await,
        "invalid_grant"
    );
    let page = app.userinfo_by(holder, tokens.access()).await;
    expect_challenge(&page, "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_its_own_gets_a_token_of_its_key() {
    let house = House::open().await;
    let both = json!({ "grant_types": ["authorization_code", "client_credentials"] });
    let app = house.app_with("job", both).await;
    let holder = Holder::of(&house);
    let form = [("grant_type", "client_credentials")];
    let page = app.token_by(&holder, &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let answer = page.json();
    assert_eq!(answer["token_type"], "DPoP");
    let said = app
        .introspect(answer["access_token"].as_str().unwrap())
        .await;
    assert_eq!(
        (&said["active"], &said["token_type"]),
        (&json!(true), &json!("DPoP"))
    );
    assert_eq!(jkt_of(&said), holder.jkt());
    // Without a proof it gets what it always got.
    let plain = app.token(&form).await.json();
    assert_eq!(plain["token_type"], "Bearer");
    let said = app
        .introspect(plain["access_token"].as_str().unwrap())
        .await;
    assert_eq!(
        (&said["token_type"], &said["cnf"]),
        (&json!("Bearer"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opaque_token_is_bound_alike_and_introspection_says_so() {
    let house = House::open().await;
    let app = house
        .app_with("wiki", json!({ "access_token_format": "opaque" }))
        .await;
    let scene = Scene::of(house, app).await;
    let access = scene.tokens.access();
    assert!(!access.contains('.'));
    let said = scene.app.introspect(access).await;
    assert_eq!(
        (&said["active"], &said["token_type"]),
        (&json!(true), &json!("DPoP"))
    );
    assert_eq!(jkt_of(&said), scene.holder.jkt());
    let accept = ("accept", "application/token-introspection+jwt");
    let form = [("token", access)];
    let headers = [accept];
    let signed = scene
        .app
        .machine_with("/oauth2/introspect", &headers, &form)
        .await;
    let signed = scene
        .app
        .verify(&signed.body, "token-introspection+jwt")
        .await;
    assert_eq!(jkt_of(&signed["token_introspection"]), scene.holder.jkt());
    assert_eq!(signed["token_introspection"]["token_type"], "DPoP");

    let page = scene.app.userinfo_by(&scene.holder, access).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = scene.app.userinfo(access).await;
    expect_challenge(&page, "invalid_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_named_at_the_beginning_is_the_one_at_the_end() {
    let house = House::open().await;
    let app = house.app("wiki").await;
    let scene = Scene::of(house, app).await;
    let (app, holder) = (&scene.app, &scene.holder);
    // In the request itself.
    let ask = app
        .ask()
        .with("dpop_jkt", holder.jkt())
        .with("prompt", "none");
    let answer = app.send(&scene.browser, &ask).await.away();
    app.redeem_by(holder, &app.code(&answer, &ask), &ask).await;
    // By a proof beside what is pushed (10.1), with and without its name.
    for named in ["", holder.jkt()] {
        let ask = app.ask().with("dpop_jkt", named).with("prompt", "none");
        let proof = holder.sign(&holder.head(), &holder.claims("POST", PUSHED, &json!({})));
        let page = app.push_with(&proof, &ask).await;
        assert_eq!(page.status, 201, "{}", page.body);
        let reference = page.json()["request_uri"].as_str().unwrap().to_owned();
        let mut url = url::Url::parse(&scene.house.url("/oauth2/authorize")).unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", &app.client_id)
            .append_pair("request_uri", &reference);
        let path = format!("/oauth2/authorize?{}", url.query().unwrap());
        let answer = scene.browser.go(&path).await.away();
        let code = value(&answer, "code").unwrap_or_else(|| panic!("{answer}"));
        // Another key gets nothing for it, and harms nothing.
        let thief = Holder::of(&scene.house);
        let page = app.try_redeem_by(&thief, &code, &ask).await;
        assert_eq!(refusal(&page), "invalid_grant");
        app.redeem_by(holder, &code, &ask).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_names_the_algorithms_of_proofs() {
    let house = House::open().await;
    let browser = house.browser();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let document = browser.get(path).await.json();
        let algs = &document["dpop_signing_alg_values_supported"];
        assert_eq!(*algs, json!(JwsAlg::ALL));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_proof_goes_on_as_ever() {
    let scene = Scene::open().await;
    let app = &scene.app;
    let plain = app.join(&scene.browser).await;
    assert_eq!(plain.answer["token_type"], "Bearer");
    assert_eq!(app.access_claims(plain.access()).await["cnf"], Value::Null);
    // A proof beside a token that is bound to nothing is looked at by nobody.
    let bearer = format!("Bearer {}", plain.access());
    let headers = [("authorization", bearer.as_str()), ("dpop", "nonsense")];
    assert_eq!(app.get_with("/oauth2/userinfo", &headers).await.status, 200);
    let again = app.refresh(plain.refresh()).await;
    assert_eq!(again.answer["token_type"], "Bearer");
}
