//! Sign in once, use two apps, leave both.

use crate::support::House;

#[tokio::test(flavor = "multi_thread")]
async fn one_sign_in_two_apps_one_sign_out() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let (wiki, shop) = (house.app("wiki").await, house.app("shop").await);
    let browser = house.browser();

    let ask = wiki.ask();
    let page = wiki.send(&browser, &ask).await.page();
    assert_eq!(page.heading(), "Sign in to wiki");
    let answer = browser.sign_in_at(&page, &alice).await.away();
    let at_wiki = wiki.redeem(&wiki.code(&answer, &ask), &ask).await;

    let at_shop = shop.join(&browser).await;
    assert_eq!(at_wiki.claims["sub"], at_shop.claims["sub"]);
    assert_ne!(
        at_wiki.sid(),
        at_shop.sid(),
        "each app has its own name for the session"
    );

    let out = format!(
        "/oauth2/logout?id_token_hint={}&post_logout_redirect_uri={}/&state=bye",
        at_shop.id_token(),
        shop.origin
    );
    let back = browser.go(&out).await.away();
    assert_eq!(back.as_str(), format!("{}/?state=bye", shop.origin));

    wiki.expect_signed_out(at_wiki.sid()).await;
    shop.expect_signed_out(at_shop.sid()).await;
    assert!(!browser.is_signed_in().await);
    assert_eq!(wiki.silently(&browser).await.unwrap_err(), "login_required");
    assert_eq!(wiki.userinfo(at_wiki.access()).await.status, 401);
    assert_eq!(
        wiki.try_refresh(at_wiki.refresh()).await.json()["error"],
        "invalid_grant"
    );
    assert_eq!(shop.introspect(at_shop.access()).await["active"], false);
}
