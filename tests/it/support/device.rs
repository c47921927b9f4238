//! A device: it shows a code, asks whether somebody typed it, and gets its tokens (RFC 8628).

use serde_json::{Value, json};

use super::app::Tokens;
use super::{App, Browser, House, Landing, Page};

pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a device was given to show and to ask with.
#[derive(Clone, Debug)]
pub(crate) struct Codes(pub(crate) Value);

impl Codes {
    pub(crate) fn device_code(&self) -> &str {
        self.0["device_code"].as_str().unwrap()
    }

    pub(crate) fn user_code(&self) -> &str {
        self.0["user_code"].as_str().unwrap()
    }
}

impl House {
    /// An app on televisions: it cannot keep a secret, and nothing can be sent back to it.
    pub(crate) async fn television(&self, id: &str) -> App {
        self.television_with(id, json!({})).await
    }

    pub(crate) async fn television_with(&self, id: &str, changes: Value) -> App {
        let mut metadata = json!({
            "token_endpoint_auth_method": "none",
            "backchannel_logout_uri": null,
            "redirect_uris": [],
            "grant_types": ["refresh_token", DEVICE_CODE],
        });
        for (name, value) in changes.as_object().unwrap() {
            metadata[name] = value.clone();
        }
        self.app_with(id, metadata).await
    }
}

impl App {
    /// Asks for codes, with these parameters.
    pub(crate) async fn try_begin(&self, form: &[(&str, &str)]) -> Page {
        self.machine("/oauth2/device_authorization", form).await
    }

    pub(crate) async fn begin(&self, scope: &str) -> Codes {
        let page = self.try_begin(&[("scope", scope)]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        Codes(page.json())
    }

    /// Asks whether somebody allowed it.
    pub(crate) async fn poll(&self, codes: &Codes) -> Page {
        let code = codes.device_code();
        self.token(&[("grant_type", DEVICE_CODE), ("device_code", code)])
            .await
    }

    /// The tokens that it now gets.
    pub(crate) async fn collect(&self, codes: &Codes) -> Tokens {
        let page = self.poll(codes).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let answer = page.json();
        let claims = match answer["id_token"].as_str() {
            Some(token) => self.verify(token, "JWT").await,
            None => Value::Null,
        };
        Tokens { answer, claims }
    }
}

impl Browser {
    /// Types a code: where that leads.
    pub(crate) async fn type_code(&self, code: &str) -> Landing {
        let page = self.get("/device").await;
        let form = [("user_code", code)];
        let answer = self.post(page.form_action().as_str(), &form).await;
        self.follow(answer).await
    }

    /// Says yes or no on the page that asks.
    pub(crate) async fn answer_device(&self, page: &Page, action: &str) -> Page {
        let code = page.hidden("user_code").unwrap();
        let fields = [("user_code", code.as_str()), ("action", action)];
        self.submit(page, &fields).await.page()
    }

    /// Types a code and allows what is asked.
    pub(crate) async fn allow_device(&self, code: &str) {
        let page = self.type_code(code).await.page();
        let done = self.answer_device(&page, "allow").await;
        assert_eq!(done.heading(), "Go back to your device");
        assert!(done.shows("Allowed"), "{}", done.body);
    }
}
