//! What a demo app shows to somebody who has not signed in, in a real browser.

use lanyard::clock::Clock;
use lanyard::demo::{Listeners, Neighbour, RelyingParty, Running, Settings, WIKI_LOGO};

use crate::support::chromium::{Browser, Options};

/// An app whose provider is not there.
fn wiki() -> (Running, String) {
    let listeners = Listeners::bind(0).unwrap();
    let origin = format!("http://wiki.localhost:{}", listeners.port());
    let settings = Settings {
        name: "Wiki".to_owned(),
        origin: origin.clone(),
        issuer: "http://localhost:1".to_owned(),
        client_id: "wiki".to_owned(),
        client_secret: "secret".to_owned(),
        post_logout_redirect_uri: format!("{origin}/"),
        other: Neighbour {
            name: "Shop".to_owned(),
            url: "http://shop.localhost:1/".to_owned(),
        },
        logo: WIKI_LOGO,
        clock: Clock::System,
    };
    (RelyingParty::start(listeners, settings).unwrap(), origin)
}

#[tokio::test]
async fn signed_out_and_without_a_provider_it_says_so_to_everybody() {
    let (app, origin) = wiki();
    let browser = Browser::start(Options::default()).await;
    for (dark, width) in [(false, 1_280), (true, 1_280), (false, 320), (true, 320)] {
        browser
            .appear(Options {
                dark,
                width,
                ..Options::default()
            })
            .await;
        browser.goto(&origin).await;
        assert_eq!(browser.text("h1").await, "You are signed out of Wiki");
        browser.assert_accessible().await;
        browser.click("#sign-in").await;
        browser.wait_for_url(&format!("{origin}/sign-in")).await;
        browser.wait_for_text("h1", "Lanyard does not answer").await;
        browser.assert_accessible().await;
        let looks = "return [matchMedia('(prefers-color-scheme: dark)').matches, innerWidth, \
                     document.documentElement.scrollWidth <= innerWidth]";
        assert_eq!(
            browser.execute(looks).await,
            serde_json::json!([dark, width, true])
        );
    }
    browser.reload().await;
    assert_eq!(
        browser.attribute("html", "lang").await.as_deref(),
        Some("en")
    );
    assert_eq!(
        browser.count("script:not([src]), style, [style]").await,
        0,
        "nothing inline"
    );
    app.stop().await.unwrap();
}
