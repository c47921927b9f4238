//! What stands around every page: headers, cookies, and the guard in front of every form.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use crate::support::app::value;
use crate::support::{App, Browser, House, Landing, Page, Person};

const HTTPS: &str = "https://login.example.test";

/// A page's name, the page, and whether its form may end at an app.
type Seen = (&'static str, Page, bool);

/// One page of each kind.
async fn walk(house: &House) -> Vec<Seen> {
    let browser = house.browser();
    let mut seen = sign_in_pages(house, &browser).await;
    for (name, path) in [("account", "/account"), ("apps", "/account/apps")] {
        seen.push((name, browser.get(path).await, false));
    }
    seen.push(("logout question", browser.get("/oauth2/logout").await, true));
    let signed_out = house.browser().go("/oauth2/logout").await.page();
    seen.push(("signed out", signed_out, false));
    for (name, path) in [
        ("error", "/oauth2/authorize"),
        ("404", "/nowhere"),
        ("no such file", "/static/nothing.css"),
    ] {
        seen.push((name, browser.get(path).await, false));
    }
    let huge = "h".repeat(70 * 1024);
    let evil = [("origin", "https://evil.example")];
    seen.extend([
        (
            "405",
            browser.request(Method::DELETE, "/login", &[]).await,
            false,
        ),
        (
            "413",
            browser.post("/login", &[("username", &huge)]).await,
            false,
        ),
        (
            "400",
            browser.request(Method::POST, "/login", &[]).await,
            false,
        ),
        ("403", browser.post_with("/login", &[], &evil).await, false),
    ]);
    seen
}

/// The pages of a sign-in; the browser is signed in afterwards.
async fn sign_in_pages(house: &House, browser: &Browser) -> Vec<Seen> {
    let alice = house.person("alice").await;
    let wiki = house
        .app_with("wiki", json!({ "first_party": false }))
        .await;
    let account = browser.go("/account").await.page();
    let ask = wiki.ask().with("prompt", "select_account consent");
    let sign_in = wiki.send(browser, &ask).await.page();
    let again = browser
        .submit(&sign_in, &[("username", "alice")])
        .await
        .page();
    let consent = browser.sign_in_at(&sign_in, &alice).await.page();
    let choose = wiki.send(browser, &ask).await.page();
    let login = wiki.ask().with("prompt", "login");
    let login = wiki.send(browser, &login).await.page();
    let posted = wiki
        .ask()
        .with("prompt", "none")
        .with("response_mode", "form_post");
    let posted = wiki.send(browser, &posted).await.page();
    vec![
        ("account sign-in", account, false),
        ("sign-in", sign_in, true),
        ("sign-in again", again, true),
        ("consent", consent, true),
        ("choose account", choose, true),
        ("re-authentication", login, true),
        ("form_post", posted, true),
    ]
}

fn directives(page: &Page) -> BTreeMap<String, String> {
    let policy = page.header("content-security-policy").unwrap().to_owned();
    let directives = policy.split("; ").map(|directive| {
        let (name, sources) = directive.split_once(' ').unwrap();
        (name.to_owned(), sources.to_owned())
    });
    directives.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_stands_behind_its_headers() {
    let house = House::open().await;
    for (name, page, leaves) in walk(&house).await {
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{name}"
        );
        assert_eq!(page.header("cache-control"), Some("no-store"), "{name}");
        assert_eq!(
            page.header("x-content-type-options"),
            Some("nosniff"),
            "{name}"
        );
        assert_eq!(
            page.header("referrer-policy"),
            Some("same-origin"),
            "{name}"
        );
        assert_eq!(page.header("strict-transport-security"), None, "{name}");
        assert_eq!(
            page.header_all("content-security-policy").len(),
            1,
            "{name}"
        );
        let policy = directives(&page);
        for (directive, expected) in [
            ("default-src", Some("'none'")),
            ("frame-ancestors", Some("'none'")),
            ("base-uri", Some("'none'")),
            ("script-src", Some("'self'")),
            ("style-src", Some("'self'")),
            ("img-src", Some("'self'")),
            ("frame-src", None),
            // Only pages with receipts that arrive by themselves ask for anything.
            ("connect-src", None),
            ("form-action", (!leaves).then_some("'self'")),
        ] {
            let found = policy.get(directive).map(String::as_str);
            assert_eq!(found, expected, "{name}: {directive}");
        }
        // So nothing of a page may be inline.
        for (at, _) in page.body.match_indices("<script") {
            assert!(
                page.body[at..].starts_with("<script defer src=\"/static/"),
                "{name}"
            );
        }
        for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
            assert!(!page.body.contains(inline), "{name}: {inline}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_trouble_has_a_page() {
    let house = House::open().await;
    let expected = [
        ("404", 404, "There is nothing here"),
        ("no such file", 404, "There is nothing here"),
        ("405", 405, "This page can’t be opened like that"),
        ("413", 413, "That is too much"),
        ("400", 400, "We can’t read this request"),
        ("403", 403, "This came from another site"),
        ("error", 400, "This sign-in can’t go on"),
    ];
    let seen = walk(&house).await;
    for (name, status, heading) in expected {
        let page = &seen.iter().find(|seen| seen.0 == name).unwrap().1;
        assert_eq!(
            (page.status.as_u16(), &*page.heading()),
            (status, heading),
            "{name}"
        );
    }
    let wrong_method = &seen.iter().find(|seen| seen.0 == "405").unwrap().1;
    let allowed = wrong_method.header("allow").unwrap();
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
}

/// Conformance: 25.
#[tokio::test(flavor = "multi_thread")]
async fn a_logo_is_let_in_by_its_origin_alone() {
    let house = House::open().await;
    let logo = "https://cdn.example:8443/wiki/logo.svg?v=1";
    let wiki = house.app_with("wiki", json!({ "logo_uri": logo })).await;
    let page = wiki.send(&house.browser(), &wiki.ask()).await.page();
    assert_eq!(
        directives(&page)["img-src"],
        "'self' https://cdn.example:8443"
    );
    assert!(page.body.contains("referrerpolicy=\"no-referrer\""));
}

/// A cookie as it is set: value, then attributes in any order.
fn set_cookies(page: &Page) -> BTreeMap<String, (String, Vec<String>)> {
    let cookies = page.header_all("set-cookie").into_iter().map(|cookie| {
        let mut parts = cookie.split("; ").map(str::to_owned);
        let pair = parts.next().unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        let mut attributes: Vec<_> = parts.collect();
        attributes.sort();
        (name.to_owned(), (value.to_owned(), attributes))
    });
    cookies.collect()
}

async fn send_sign_in(browser: &Browser, page: &Page, person: &Person, remember: bool) -> Page {
    let csrf = page.csrf();
    let mut form = vec![
        ("csrf", csrf.as_str()),
        ("username", &person.username),
        ("password", &person.password),
        ("action", "sign_in"),
    ];
    form.extend(remember.then_some(("remember_me", "yes")));
    browser.post(page.form_action().as_str(), &form).await
}

/// What sets cookies, over http and over https.
async fn cookie_story(house: &House, prefix: &str, secure: &[&str]) {
    let alice = house.person("alice").await;
    for remember in [false, true] {
        let browser = house.browser();
        let begun = browser.get("/account").await;
        let with = |more: &[&str]| {
            let mut all: Vec<_> = ["HttpOnly", "Path=/", "SameSite=Lax"]
                .iter()
                .chain(more)
                .chain(secure)
                .map(|attribute| (*attribute).to_owned())
                .collect();
            all.sort();
            all
        };
        let cookies = set_cookies(&begun);
        let (name, (sealed, attributes)) = cookies.first_key_value().unwrap();
        assert_eq!(cookies.len(), 1);
        let tag = value(&begun.location().unwrap(), "i").unwrap();
        assert_eq!(name, &format!("{prefix}lanyard-i-{tag}"));
        assert_eq!(attributes, &with(&["Max-Age=3600"]));
        assert!(name.len() + sealed.len() < 4096);

        let page = browser.follow(begun).await.page();
        let answer = send_sign_in(&browser, &page, &alice, remember).await;
        let cookies = set_cookies(&answer);
        let session = &cookies[&format!("{prefix}lanyard")];
        let lasting: &[&str] = if remember { &["Max-Age=2592000"] } else { &[] };
        assert_eq!(session.1, with(lasting));
        assert!(session.0.len() < 512, "{}", session.0.len());
        assert!(!session.0.contains("alice"));
        // The interaction's own is taken away in the same way as it was given.
        let gone = &cookies[&format!("{prefix}lanyard-i-{tag}")];
        assert_eq!(*gone, (String::new(), with(&["Max-Age=0"])));
        assert!(browser.is_signed_in().await);

        let csrf = browser.get("/account").await.csrf();
        let out = browser.post("/account/sign-out", &[("csrf", &csrf)]).await;
        let cookies = set_cookies(&out);
        let gone = &cookies[&format!("{prefix}lanyard")];
        assert_eq!(*gone, (String::new(), with(&["Max-Age=0"])));
        let view = &cookies[&format!("{prefix}lanyard-view")];
        assert_eq!(view.1, with(&["Max-Age=600"]));
        assert!(view.0.len() < 256 && !view.0.contains("alice"));
        assert_eq!(cookies.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_say_exactly_what_they_should() {
    cookie_story(&House::open().await, "", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_cookies_belong_to_this_host_alone() {
    let house = House::open_with(&[("ISSUER", HTTPS)]).await;
    cookie_story(&house, "__Host-", &["Secure"]).await;
    // A neighbour can plant the plain name, and it means nothing.
    let alice = house.person("bob").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let other = house.browser();
    other.plant_cookie("lanyard", &browser.cookie("__Host-lanyard").unwrap());
    assert!(!other.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_https_every_answer_says_so() {
    let house = House::open_with(&[("ISSUER", HTTPS)]).await;
    let browser = house.browser();
    for path in [
        "/login",
        "/account",
        "/nowhere",
        "/health/live",
        "/oauth2/jwks",
        "/oauth2/token",
        "/static/lanyard.css",
    ] {
        let page = browser.get(path).await;
        let hsts = page.header("strict-transport-security");
        assert_eq!(hsts, Some("max-age=31536000"), "{path}");
    }
    let says = browser
        .get("/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(says["token_endpoint"], format!("{HTTPS}/oauth2/token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_iframe_may_have_the_cookie_only_where_it_was_configured() {
    let lenient = [("ISSUER", HTTPS), ("SESSION__COOKIE_SAME_SITE", "none")];
    let house = House::open_with(&lenient).await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    let page = browser.go("/account").await.page();
    let answer = send_sign_in(&browser, &page, &alice, false).await;
    let cookies = set_cookies(&answer);
    let attributes = &cookies["__Host-lanyard"].1;
    assert_eq!(
        *attributes,
        ["HttpOnly", "Path=/", "SameSite=None", "Secure"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_keeps_eight_interactions_and_lets_the_oldest_go() {
    let house = House::open().await;
    let mut sent = Vec::new();
    for _ in 0..9 {
        let begun = set_cookies(&house.browser().get("/account").await);
        let (name, (value, _)) = begun.into_iter().next().unwrap();
        sent.push((name, value));
    }
    // Browsers send the oldest first (RFC 6265, 5.4).
    let header: Vec<_> = sent
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let header = [("cookie", &*header.join("; "))];
    let page = house
        .browser()
        .request(Method::GET, "/account", &header)
        .await;
    let mut dropped: Vec<_> = set_cookies(&page)
        .into_iter()
        .filter(|(_, (value, _))| value.is_empty())
        .map(|(name, _)| name)
        .collect();
    let mut oldest: Vec<_> = sent.iter().take(2).map(|(name, _)| name.clone()).collect();
    dropped.sort();
    oldest.sort();
    assert_eq!(dropped, oldest);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_of_a_request_changes_where_links_lead() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let lies = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "444"),
        ("x-forwarded-prefix", "/evil.example"),
        ("x-original-url", "/evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
    ];
    let stranger = house.browser();
    let silent = wiki.ask().with("prompt", "none").url();
    for (browser, path) in [
        (&stranger, "/.well-known/openid-configuration"),
        (&stranger, "/.well-known/oauth-authorization-server"),
        (&stranger, "/account"),
        (&stranger, "/oauth2/authorize"),
        (&browser, "/"),
        (&browser, "/account"),
        (&browser, "/oauth2/logout"),
        (&browser, silent.as_str()),
    ] {
        let honest = browser.get(path).await;
        let answer = browser.request(Method::GET, path, &lies).await;
        assert_eq!(answer.status, honest.status, "{path}");
        assert!(!answer.body.contains("evil.example"), "{path}");
        for name in ["location", "set-cookie"] {
            for value in answer.header_all(name) {
                assert!(
                    !value.contains("evil") && !value.contains("Secure"),
                    "{path}: {value}"
                );
            }
        }
        if path.starts_with("/.well-known") {
            assert_eq!(answer.body, honest.body);
        }
    }
    let answer = browser.request(Method::GET, &silent, &lies).await;
    let iss = value(&answer.location().unwrap(), "iss").unwrap();
    assert_eq!(iss, house.issuer);
    // Nor does one make a form of another site one of ours.
    let csrf = browser.get("/account").await.csrf();
    let lie = [("host", "evil.example"), ("origin", "http://evil.example")];
    let page = browser
        .post_with("/account/sign-out", &[("csrf", &csrf)], &lie)
        .await;
    assert_eq!(page.status, 403);
}

/// A form of ours with everything that belongs in it.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    fn of(page: &Page, fields: &[(&str, &str)]) -> Self {
        Self::at(page.form_action().as_str(), &page.csrf(), fields)
    }

    fn at(action: &str, csrf: &str, fields: &[(&str, &str)]) -> Self {
        let all = [("csrf", csrf)].into_iter().chain(fields.iter().copied());
        Self {
            action: action.to_owned(),
            fields: all
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    async fn send(&self, browser: &Browser, csrf: Option<&str>, headers: &[(&str, &str)]) -> Page {
        let fields = self
            .fields
            .iter()
            .filter_map(|(name, value)| match name.as_str() {
                "csrf" => csrf.map(|csrf| ("csrf", csrf)),
                name => Some((name, value.as_str())),
            });
        let fields: Vec<_> = fields.collect();
        browser.post_with(&self.action, &fields, headers).await
    }

    fn csrf(&self) -> &str {
        &self.fields[0].1
    }
}

/// Every form there is, as it stands in this browser.
async fn forms(house: &House, browser: &Browser, alice: &Person, wiki: &App) -> Vec<Form> {
    let elsewhere = house.browser();
    elsewhere.sign_in(alice).await;
    let ask = |prompt| wiki.ask().with("prompt", prompt);
    let login = wiki.send(browser, &ask("login")).await.page();
    let consent = wiki.send(browser, &ask("consent")).await.page();
    let choice = wiki.send(browser, &ask("select_account")).await.page();
    let logout = browser.get("/oauth2/logout").await;
    let account = browser.get("/account").await;
    let csrf = account.csrf();
    let session = account.hidden("session").unwrap();
    let credentials = [
        ("username", alice.username.as_str()),
        ("password", alice.password.as_str()),
        ("action", "sign_in"),
    ];
    vec![
        Form::of(&login, &credentials),
        Form::of(&login, &[("action", "cancel")]),
        Form::of(&consent, &[("action", "allow")]),
        Form::of(&consent, &[("action", "deny")]),
        Form::of(&choice, &[("action", "continue")]),
        Form::of(&choice, &[("action", "switch")]),
        Form::at(
            "/oauth2/logout/confirm",
            &logout.csrf(),
            &[("action", "logout")],
        ),
        Form::at("/account/sessions/end", &csrf, &[("session", &session)]),
        Form::at("/account/sessions/end-others", &csrf, &[]),
        Form::at("/account/apps/withdraw", &csrf, &[("client", "wiki")]),
        Form::at("/account/sign-out", &csrf, &[]),
    ]
}

type Forgery<'a> = (&'static str, Option<&'a str>, Vec<(&'a str, &'a str)>);

/// Ways to send a form that it must not be sent in.
fn forgeries<'a>(form: &'a Form, other: &'a Form, foreign: &'a str) -> Vec<Forgery<'a>> {
    let own = Some(form.csrf());
    let cut = &form.csrf()[..form.csrf().len() - 1];
    let (evil, neighbour) = ("https://evil.example", "http://wiki.localhost:1");
    let cross_site = ("sec-fetch-site", "cross-site");
    vec![
        ("no token", None, vec![]),
        ("empty token", Some(""), vec![]),
        ("another person's", Some(foreign), vec![]),
        ("another form's", Some(other.csrf()), vec![]),
        ("cut", Some(cut), vec![]),
        ("null origin, no token", None, vec![("origin", "null")]),
        ("foreign origin", own, vec![("origin", evil)]),
        ("a neighbour", own, vec![("origin", neighbour)]),
        ("cross-site", own, vec![cross_site]),
        (
            "cross-site, null",
            own,
            vec![cross_site, ("origin", "null")],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_is_taken_without_its_token_or_from_elsewhere() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    wiki.join(&browser).await;
    let attacker = house.browser();
    attacker.sign_in(&house.person("mallory").await).await;
    let foreign_token = attacker.get("/account").await.csrf();
    let all = forms(&house, &browser, &alice, &wiki).await;
    let sessions = house.sessions_of(&alice).await;
    let cookies = browser.cookie_names();

    for form in &all {
        // The token of another form of this very browser is as bad as none.
        let other = all
            .iter()
            .find(|other| other.csrf() != form.csrf())
            .unwrap();
        for (why, csrf, headers) in forgeries(form, other, &foreign_token) {
            let page = form.send(&browser, csrf, &headers).await;
            assert_eq!(page.status, 403, "{}: {why}: {}", form.action, page.body);
            assert!(
                page.header_all("set-cookie").is_empty(),
                "{}: {why}",
                form.action
            );
        }
        // One in the query is no token either: addresses are logged and passed on.
        let with_query = Form::at(
            &join(&form.action, form.csrf()),
            "",
            &[("action", "logout")],
        );
        assert_eq!(with_query.send(&browser, None, &[]).await.status, 403);
    }
    assert_eq!(house.sessions_of(&alice).await, sessions);
    assert_eq!(browser.cookie_names(), cookies);
    assert!(browser.is_signed_in().await);
    wiki.join(&browser).await;
}

fn join(action: &str, csrf: &str) -> String {
    let separator = if action.contains('?') { '&' } else { '?' };
    format!("{action}{separator}csrf={csrf}")
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_token_a_form_is_taken_from_here() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    for headers in [
        // Some browsers say so of our own forms.
        vec![("origin", "null")],
        vec![
            ("origin", house.issuer.as_str()),
            ("sec-fetch-site", "same-origin"),
        ],
        vec![("sec-fetch-site", "none")],
    ] {
        let browser = house.browser();
        let ask = wiki.ask();
        let page = wiki.send(&browser, &ask).await.page();
        let fields = [
            ("username", &*alice.username),
            ("password", &*alice.password),
        ];
        let form = Form::of(&page, &fields);
        let answer = form.send(&browser, Some(form.csrf()), &headers).await;
        let Landing::Away(answer) = browser.follow(answer).await else {
            panic!("{headers:?}");
        };
        wiki.redeem(&wiki.code(&answer, &ask), &ask).await;
        let csrf = browser.get("/account").await.csrf();
        let form = Form::at("/account/sign-out", &csrf, &[]);
        form.send(&browser, Some(&csrf), &headers).await;
        assert!(!browser.is_signed_in().await, "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_need_no_token_where_they_send_people() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let cross_site = [
        ("origin", "https://wiki.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let ask = wiki.ask();
    let form: Vec<_> = ask
        .parameters
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let answer = browser
        .post_with("/oauth2/authorize", &form, &cross_site)
        .await;
    wiki.code(&answer.location().unwrap(), &ask);
    let page = browser.post_with("/oauth2/logout", &[], &cross_site).await;
    assert_eq!(page.heading(), "Sign out?");
    assert!(browser.is_signed_in().await, "it only asks");
}
