//! What stories about tokens ask of apps and of the house.

use std::net::IpAddr;
use std::time::Duration;

use lanyard::entropy::{ClientId, SessionId};
use lanyard::protocol::client::Client;
use lanyard::session::ending::{Actor, Reason, Selection, Verb};
use lanyard::store::record::SessionFilter;
use serde_json::{Value, json};

use super::app::{Ask, Tokens};
use super::{App, Browser, House, Landing, Page, Person};

/// A form, sent as it is: credentials are the caller's.
pub(crate) async fn post(url: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Page {
    send(reqwest::Client::builder(), url, headers, form).await
}

/// The same from an address of one's own: all of 127.0.0.0/8 is this machine.
pub(crate) async fn post_from(
    address: IpAddr,
    url: &str,
    headers: &[(&str, &str)],
    form: &[(&str, &str)],
) -> Page {
    let builder = reqwest::Client::builder().local_address(address);
    send(builder, url, headers, form).await
}

async fn send(
    builder: reqwest::ClientBuilder,
    url: &str,
    headers: &[(&str, &str)],
    form: &[(&str, &str)],
) -> Page {
    let mut request = builder.no_proxy().build().unwrap().post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Page::read(request.form(form).send().await.unwrap()).await
}

/// A duration that ends this much before another one.
pub(crate) const fn just_before(limit: Duration, by: Duration) -> Duration {
    limit.checked_sub(by).unwrap()
}

/// The error code of a refusal: 401 for a client, 400 for everything else (RFC 6749, 5.2).
pub(crate) fn refusal(page: &Page) -> String {
    let answer = page.json();
    let error = answer["error"].as_str().unwrap().to_owned();
    let expected = if error == "invalid_client" { 401 } else { 400 };
    assert_eq!(page.status, expected, "{answer}");
    assert_eq!(answer["access_token"], Value::Null, "{answer}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    error
}

impl Tokens {
    /// The granted scopes, as the answer says.
    pub(crate) fn scope(&self) -> &str {
        self.answer["scope"].as_str().unwrap()
    }
}

impl App {
    /// Signs a person in, by the sign-in page, and redeems the code.
    pub(crate) async fn sign_in(&self, browser: &Browser, person: &Person) -> Tokens {
        self.sign_in_with(browser, person, self.ask(), &[]).await
    }

    /// The same with a request of one's own and more fields on the sign-in page.
    pub(crate) async fn sign_in_with(
        &self,
        browser: &Browser,
        person: &Person,
        ask: Ask,
        fields: &[(&str, &str)],
    ) -> Tokens {
        let page = self.send(browser, &ask).await.page();
        let mut form = vec![
            ("username", person.username.as_str()),
            ("password", person.password.as_str()),
            ("action", "sign_in"),
        ];
        form.extend_from_slice(fields);
        let landing = browser.submit(&page, &form).await;
        self.take(browser, landing, &ask).await
    }

    /// Redeems what a signed-in browser is answered, after allowing what is asked.
    pub(crate) async fn granted(&self, browser: &Browser, ask: Ask) -> Tokens {
        let landing = self.send(browser, &ask).await;
        self.take(browser, landing, &ask).await
    }

    async fn take(&self, browser: &Browser, landing: Landing, ask: &Ask) -> Tokens {
        let answer = match landing {
            Landing::Page(page) => {
                let asks_again = page.heading().starts_with("Continue to ");
                let action = if asks_again { "continue" } else { "allow" };
                browser.submit(&page, &[("action", action)]).await.away()
            }
            Landing::Away(answer) => answer,
        };
        self.redeem(&self.code(&answer, ask), ask).await
    }

    /// Comes back into a session that it was signed out of: the person is asked, and goes on.
    pub(crate) async fn come_back(&self, browser: &Browser) -> Tokens {
        let ask = self.ask();
        let page = self.send(browser, &ask).await.page();
        assert_eq!(page.heading(), format!("Continue to {}?", self.client_id));
        let answer = browser.submit(&page, &[("action", "continue")]).await;
        self.redeem(&self.code(&answer.away(), &ask), &ask).await
    }

    /// A code for a signed-in browser that nobody has to be asked for.
    pub(crate) async fn fresh_code(&self, browser: &Browser) -> (String, Ask) {
        self.silently(browser).await.unwrap()
    }

    /// The error that a refresh is refused with.
    pub(crate) async fn refused_refresh(&self, token: &str) -> String {
        refusal(&self.try_refresh(token).await)
    }

    /// All that one answer held works: here, at introspection and at userinfo.
    pub(crate) async fn assert_alive(&self, tokens: &Tokens) {
        assert_eq!(self.userinfo(tokens.access()).await.status, 200);
        assert_eq!(self.introspect(tokens.access()).await["active"], true);
        assert_eq!(self.introspect(tokens.refresh()).await["active"], true);
    }

    /// Nothing of it works.
    pub(crate) async fn assert_dead(&self, tokens: &Tokens) {
        let inactive = json!({ "active": false });
        assert_eq!(self.userinfo(tokens.access()).await.status, 401);
        assert_eq!(self.introspect(tokens.access()).await, inactive);
        assert_eq!(self.introspect(tokens.refresh()).await, inactive);
        assert_eq!(
            self.refused_refresh(tokens.refresh()).await,
            "invalid_grant"
        );
    }

    /// Verifies an access token for the provider itself; its claims (RFC 9068).
    pub(crate) async fn access_claims(&self, token: &str) -> Value {
        self.verify_for(token, "at+jwt", &self.issuer).await
    }

    pub(crate) fn id(&self) -> ClientId {
        ClientId::new(self.client_id.as_str())
    }
}

impl House {
    /// A public app. It has no back channel, which would have to be https.
    pub(crate) async fn public_app(&self, id: &str) -> App {
        let metadata = json!({
            "token_endpoint_auth_method": "none",
            "backchannel_logout_uri": null,
        });
        self.app_with(id, metadata).await
    }

    /// How a person's sessions ended, the newest first; none for one that lives.
    pub(crate) async fn endings(&self, person: &Person) -> Vec<Option<Reason>> {
        let filter = SessionFilter {
            user: Some(person.id.clone()),
            client: None,
            include_ended: true,
            limit: 100,
            now: self.clock.now(),
        };
        let rows = self.provider().record().list_sessions(&filter).await;
        rows.unwrap().into_iter().map(|row| row.reason).collect()
    }

    /// Ends an app's part in a session, as an administrator would.
    pub(crate) async fn end_part(&self, session: SessionId, app: &App) {
        let selection = Selection::ClientInSession(session, app.id());
        self.provider()
            .end(&selection, Reason::Admin, &Actor::CommandLine)
            .await
            .unwrap();
    }

    /// Revokes everything that an app has of a person, as an administrator would.
    pub(crate) async fn revoke(&self, person: &Person, app: &App) {
        let selection = Selection::ClientOfPerson(person.id.clone(), app.id());
        self.provider()
            .end_as(&selection, Reason::Admin, Verb::Revoke, &Actor::CommandLine)
            .await
            .unwrap();
    }

    /// Changes a client in the record, as another process would; this one hears of it soon.
    pub(crate) async fn change(&self, app: &App, change: impl FnOnce(&mut Client)) {
        let record = self.provider().record();
        let mut client = record.client(&app.id()).await.unwrap().unwrap();
        change(&mut client);
        record.upsert_client(&client).await.unwrap();
        self.settled().await;
        Self::until("the change of the client is known", || async {
            let known = self.provider().client(&app.id()).await.unwrap();
            known.is_some_and(|known| *known == client)
        })
        .await;
    }

    /// Disables or enables a person in the record, as another process would.
    pub(crate) async fn enable(&self, person: &Person, enabled: bool) {
        let record = self.provider().record();
        assert!(
            record
                .set_enabled(&person.id, enabled, &Actor::System)
                .await
                .unwrap()
                .is_done()
        );
        self.settled().await;
    }
}
