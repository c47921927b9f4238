//! What apps are told of a person beyond names and email address, and who says it.

use lanyard::identity::user::{Address, Profile};
use lanyard::session::ending::Actor;
use lanyard::store::record::{PersonEdit, PersonUpdate};
use serde_json::{Value, json};

use crate::support::{App, Browser, House, Page, Person};

const OWN: &str = "\
    [[scopes]]\n\
    scope = \"work\"\n\
    title = \"See where you work\"\n\
    description = \"Your department and your desk\"\n\
    [[claims]]\n\
    attribute = \"department\"\n\
    claim = \"https://example.com/department\"\n\
    scope = \"work\"\n\
    label = \"Department\"\n\
    [[claims]]\n\
    attribute = \"desk\"\n\
    scope = \"work\"\n\
    label = \"Desk\"\n\
    type = \"number\"\n\
    self_service = true\n";

pub(super) async fn change(house: &House, person: &Person, change: impl FnOnce(&mut Profile)) {
    let record = house.provider().record();
    let stored = record.user(&person.id).await.unwrap().unwrap();
    let mut profile = stored.profile;
    change(&mut profile);
    let edit = PersonEdit {
        id: stored.id,
        version: stored.updated,
        username: stored.username,
        profile,
    };
    let done = record
        .update_user(&edit, &Actor::CommandLine)
        .await
        .unwrap();
    assert!(matches!(done, PersonUpdate::Done(_)), "{done:?}");
}

async fn profile_of(house: &House, person: &Person) -> Profile {
    let stored = house.provider().record().user(&person.id).await.unwrap();
    stored.unwrap().profile
}

async fn told(app: &App, browser: &Browser, scope: &str) -> Value {
    let ask = app.ask().with("scope", scope);
    let tokens = app.granted(browser, ask).await;
    // Conformance 17: where there is an access token, none of it is in the ID token.
    for claim in ["address", "phone_number", "groups", "roles", "desk", "name"] {
        assert_eq!(tokens.claims[claim], Value::Null, "{claim}");
    }
    let mut claims = app.userinfo(tokens.access()).await.json();
    claims.as_object_mut().unwrap().remove("sub");
    claims
}

/// Conformance: 17, 22.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_filled_in_is_not_told() {
    let house = House::open_with_file(OWN).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let alice = house.person("alice").await;
    change(&house, &alice, |profile| {
        profile
            .attributes
            .insert("desk".to_owned(), "by the door".to_owned());
        profile.attributes.insert("old".to_owned(), "x".to_owned());
    })
    .await;
    browser.sign_in(&alice).await;
    let scope = "openid phone address groups roles work";
    assert_eq!(told(&wiki, &browser, scope).await, json!({}));
}

/// Conformance: 17, 22, 23.
#[tokio::test(flavor = "multi_thread")]
async fn each_scope_opens_its_own() {
    let house = House::open_with_file(OWN).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let alice = house.person("alice").await;
    let text = |text: &str| Some(text.to_owned());
    change(&house, &alice, |profile| {
        profile.phone_number = text("+33 1 23 45 67 89");
        profile.address = Address {
            street_address: text("1 Rue de la Paix"),
            locality: text("Paris"),
            country: text("France"),
            ..Address::default()
        };
        profile.groups = vec!["staff".to_owned()];
        profile.roles = vec!["editor".to_owned(), "reader".to_owned()];
        for (name, value) in [("department", "Sales"), ("desk", "12")] {
            profile.attributes.insert(name.to_owned(), value.to_owned());
        }
    })
    .await;
    browser.sign_in(&alice).await;
    for (scope, expected) in [
        ("openid", json!({})),
        (
            "openid phone",
            json!({ "phone_number": "+33 1 23 45 67 89", "phone_number_verified": false }),
        ),
        (
            "openid address",
            json!({ "address": {
                "street_address": "1 Rue de la Paix", "locality": "Paris", "country": "France",
            } }),
        ),
        ("openid groups", json!({ "groups": ["staff"] })),
        ("openid roles", json!({ "roles": ["editor", "reader"] })),
        (
            "openid work",
            json!({ "https://example.com/department": "Sales", "desk": 12 }),
        ),
    ] {
        assert_eq!(told(&wiki, &browser, scope).await, expected, "{scope}");
    }
    let url = house.url("/.well-known/openid-configuration");
    let says = browser.get(&url).await.json();
    let lists = |member: &str, value: &str| {
        let list = says[member].as_array().unwrap();
        list.contains(&json!(value))
    };
    for scope in ["address", "phone", "groups", "roles", "work"] {
        assert!(lists("scopes_supported", scope), "{scope}");
    }
    for claim in ["address", "phone_number_verified", "desk"] {
        assert!(lists("claims_supported", claim), "{claim}");
    }
    assert!(!lists("scopes_supported", "wiki:read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_list_gets_nothing_that_is_not_on_it() {
    let house = House::open_with_file(OWN).await;
    let narrow = house
        .app_with("narrow", json!({ "scope": "openid email" }))
        .await;
    let browser = house.browser();
    let alice = house.person("alice").await;
    change(&house, &alice, |profile| {
        profile.groups = vec!["staff".to_owned()];
    })
    .await;
    browser.sign_in(&alice).await;
    let claims = told(&narrow, &browser, "openid groups work").await;
    assert_eq!(claims, json!({}));
}

/// Sends one's own profile, with what is not one's own to set.
async fn save_own(browser: &Browser, desk: &str, phone: &str) -> Page {
    let page = browser.get("/account/profile").await;
    let (csrf, version) = (page.csrf(), page.hidden("version").unwrap());
    let form = [
        ("csrf", csrf.as_str()),
        ("version", version.as_str()),
        ("desk", desk),
        ("phone_number", phone),
        ("phone_number_verified", "yes"),
        ("groups", "board"),
        ("roles", "owner"),
        ("department", "Board"),
        ("old", "lost"),
        ("street_address", "1 Rue\r\nde la Paix"),
    ];
    browser.post("/account/profile", &form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_set_what_is_theirs_and_see_the_rest() {
    let house = House::open_with_file(OWN).await;
    let alice = house.person("alice").await;
    change(&house, &alice, |profile| {
        profile.groups = vec!["staff".to_owned()];
        profile.phone_number = Some("+33 1 11".to_owned());
        profile.phone_number_verified = true;
        profile
            .attributes
            .insert("department".to_owned(), "Sales".to_owned());
        profile
            .attributes
            .insert("old".to_owned(), "kept".to_owned());
    })
    .await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let page = browser.get("/account/profile").await;
    for seen in ["staff", "Department", "Sales", "Desk", "Phone number"] {
        assert!(page.shows(seen), "{seen}");
    }
    for hidden in [
        "name=\"groups\"",
        "name=\"department\"",
        "name=\"phone_number_verified\"",
    ] {
        assert!(!page.body.contains(hidden), "{hidden}");
    }
    let refused = save_own(&browser, "by the door", "call me").await;
    assert_eq!(refused.status, 400);
    assert!(refused.shows("This is no number: write one such as 12 or 1.5."));
    assert!(refused.shows("This is no phone number"));
    assert!(refused.body.contains("value=\"by the door\""));

    assert_eq!(save_own(&browser, "12", "+33 1 11").await.status, 303);
    assert!(profile_of(&house, &alice).await.phone_number_verified);
    assert_eq!(save_own(&browser, "12", "+33 2 22").await.status, 303);
    let profile = profile_of(&house, &alice).await;
    assert!(!profile.phone_number_verified);
    assert_eq!(profile.groups, ["staff"]);
    assert!(profile.roles.is_empty());
    assert_eq!(
        profile.address.street_address.as_deref(),
        Some("1 Rue\nde la Paix")
    );
    let kept = [("department", "Sales"), ("desk", "12"), ("old", "kept")];
    let kept = kept.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(profile.attributes, kept.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sets_all_of_it() {
    let house = House::open_with_file(OWN).await;
    let mona = house.administrator("mona").await;
    let alice = house.person("alice").await;
    change(&house, &alice, |profile| {
        profile
            .attributes
            .insert("old".to_owned(), "kept".to_owned());
    })
    .await;
    let browser = house.browser();
    browser.sign_in(&mona).await;
    let path = format!("/admin/people/{}/edit", alice.id);
    let save = async |groups: &str, phone: &str| {
        let page = browser.get(&path).await;
        let (csrf, version) = (page.csrf(), page.hidden("version").unwrap());
        let form = [
            ("csrf", csrf.as_str()),
            ("version", version.as_str()),
            ("username", "alice"),
            ("groups", groups),
            ("roles", "reader"),
            ("department", "Sales"),
            ("country", "France"),
            ("phone_number", phone),
            ("phone_number_verified", "yes"),
        ];
        browser.post(&path, &form).await
    };
    let refused = save("a\u{202E}b", "12").await;
    assert_eq!(refused.status, 400);
    assert!(refused.shows("holds a control or invisible character"));

    assert_eq!(
        save("staff\r\n\r\nboard\r\nstaff", "+33 1 11").await.status,
        303
    );
    let profile = profile_of(&house, &alice).await;
    assert_eq!(profile.groups, ["staff", "board"]);
    assert!(profile.phone_number_verified);
    assert_eq!(profile.attributes["department"], "Sales");
    assert_eq!(profile.attributes["old"], "kept");
    // The mark came along unasked, for another number.
    assert_eq!(save("staff", "+33 2 22").await.status, 303);
    assert!(!profile_of(&house, &alice).await.phone_number_verified);
    let page = browser.get(&format!("/admin/people/{}", alice.id)).await;
    for seen in ["staff", "Groups", "Department", "Not verified", "France"] {
        assert!(page.shows(seen), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_consent_page_says_each_scope_in_words() {
    let house = House::open_with_file(OWN).await;
    let notes = house
        .app_with("notes", json!({ "first_party": false }))
        .await;
    let alice = house.person("alice").await;
    change(&house, &alice, |profile| {
        profile.groups = vec!["<b>staff</b>".to_owned()];
        profile.address.formatted = Some("1 Rue de la Paix\nParis".to_owned());
    })
    .await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let scope = "openid phone address groups roles work";
    let page = notes
        .send(&browser, &notes.ask().with("scope", scope))
        .await
        .page();
    for seen in [
        "See your phone number",
        "We have none of yours",
        "See your postal address",
        "1 Rue de la Paix, Paris",
        "See which groups you are in",
        "See what you may do",
        "You have no role",
        "See where you work",
        "Your department and your desk",
    ] {
        assert!(page.shows(seen), "{seen}");
    }
    assert!(!page.body.contains("<b>staff"), "{}", page.body);
}
