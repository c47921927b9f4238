//! The program as operators have it: started, killed, stopped, and asked by its commands.

mod administration;
mod check;
mod demo;
mod first_start;
mod help;
mod installing;
mod keys;
mod kill;
mod kill_at_any_moment;
mod logs;
mod metrics;
mod people_and_clients;
mod sessions;
mod start;
mod stop;
mod tls;
mod user_set;
mod whole;

use url::Url;

use crate::support::{App, Browser, Person, app::Tokens};

/// Signs in at one app by password.
async fn sign_in_at(app: &App, browser: &Browser, person: &Person) -> Tokens {
    let ask = app.ask();
    let page = app.send(browser, &ask).await.page();
    let answer = browser.sign_in_at(&page, person).await.away();
    app.redeem(&app.code(&answer, &ask), &ask).await
}

/// The request by which an app signs a person out everywhere.
fn logout_url(app: &App, tokens: &Tokens) -> String {
    let mut url = Url::parse(&app.issuer).unwrap();
    url.set_path("/oauth2/logout");
    url.query_pairs_mut()
        .append_pair("id_token_hint", tokens.id_token())
        .append_pair("post_logout_redirect_uri", &format!("{}/", app.origin));
    url.to_string()
}
