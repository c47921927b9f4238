//! An app (a relying party): it asks, redeems, verifies what it is given, and hears of ends.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App as Server, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use lanyard::entropy::{ClientId, Entropy, sha256};
use lanyard::protocol::client_metadata;
use serde_json::{Value, json};
use url::Url;

use super::{Browser, House, Installation, Landing, Page, Person};

/// How an app answers a logout token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    Answers(u16),
    /// Answers 503 with this `Retry-After`.
    AsksFor(&'static str),
    /// Answers 307: whoever follows repeats the token.
    Redirects,
    Hangs,
}

/// What reached its back channel.
#[derive(Default)]
pub(super) struct Heard {
    tokens: Mutex<Vec<String>>,
    mood: Mutex<Option<Mood>>,
}

/// A relying party with a back channel of its own.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) secret: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) issuer: String,
    pub(crate) origin: String,
    heard: Arc<Heard>,
    http: reqwest::Client,
    /// The port of one node, where not any will do.
    door: Option<u16>,
}

/// What a token request yielded.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) answer: Value,
    pub(crate) claims: Value,
}

impl Tokens {
    pub(crate) fn access(&self) -> &str {
        self.answer["access_token"].as_str().unwrap()
    }

    pub(crate) fn refresh(&self) -> &str {
        self.answer["refresh_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", self.answer))
    }

    pub(crate) fn id_token(&self) -> &str {
        self.answer["id_token"].as_str().unwrap()
    }

    pub(crate) fn sid(&self) -> &str {
        self.claims["sid"].as_str().unwrap()
    }
}

/// One authorization request of an app, with what it must remember.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) verifier: String,
    pub(crate) nonce: String,
    pub(crate) state: String,
}

impl Ask {
    /// Sets a parameter, or takes it away.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.parameters.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        let pairs = self.parameters.iter();
        pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    pub(crate) fn url(&self) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.parameters)
            .finish();
        format!("/oauth2/authorize?{query}")
    }
}

impl App {
    pub(super) async fn register(house: &House, id: &str, changes: Value) -> Self {
        let (origin, heard) = listen();
        let metadata = usual_metadata(id, &origin, &changes);
        let mut client = client_metadata::parse(&metadata, ClientId::new(id)).unwrap();
        let secret = client
            .has_secret()
            .then(|| Entropy::System.alphanumeric(64));
        if let Some(secret) = &secret {
            house.provider().keep_secret(&mut client, secret);
        }
        house
            .provider()
            .record()
            .insert_client(&client)
            .await
            .unwrap();
        Self {
            client_id: id.to_owned(),
            secret,
            redirect_uri: client.redirect_uris.first().cloned().unwrap_or_default(),
            issuer: house.issuer.clone(),
            origin,
            heard,
            http: super::http().build().unwrap(),
            door: None,
        }
    }

    /// One that registered itself (RFC 7591), with a secret.
    pub(crate) fn registered(house: &House, id: &str, secret: &str, redirect_uri: &str) -> Self {
        let (origin, heard) = listen();
        Self {
            client_id: id.to_owned(),
            secret: Some(secret.to_owned()),
            redirect_uri: redirect_uri.to_owned(),
            issuer: house.issuer.clone(),
            origin,
            heard,
            http: super::http().build().unwrap(),
            door: None,
        }
    }

    /// One that nobody registered: id and redirect URI, where it lives, and what reaches it there.
    pub(super) fn published(
        house: &House,
        (client_id, redirect_uri): (String, String),
        origin: &str,
        heard: Arc<Heard>,
    ) -> Self {
        Self {
            client_id,
            secret: None,
            redirect_uri,
            issuer: house.issuer.clone(),
            origin: origin.to_owned(),
            heard,
            http: super::http().build().unwrap(),
            door: None,
        }
    }

    /// A usual request: code, PKCE, nonce, state.
    pub(crate) fn ask(&self) -> Ask {
        let verifier = Entropy::System.alphanumeric(64);
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let nonce = Entropy::System.alphanumeric(20);
        let state = Entropy::System.alphanumeric(20);
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid profile email"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let parameters = parameters
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        Ask {
            parameters,
            verifier,
            nonce,
            state,
        }
    }

    /// Sends a browser to the provider.
    pub(crate) async fn send(&self, browser: &Browser, ask: &Ask) -> Landing {
        browser.go(&ask.url()).await
    }

    /// The code in an answer, after checking that the answer is this request's (RFC 9207).
    pub(crate) fn code(&self, answer: &Url, ask: &Ask) -> String {
        assert!(answer.as_str().starts_with(&self.redirect_uri), "{answer}");
        assert_eq!(
            value(answer, "state").as_deref(),
            Some(ask.state.as_str()),
            "{answer}"
        );
        assert_eq!(
            value(answer, "iss").as_deref(),
            Some(self.issuer.as_str()),
            "{answer}"
        );
        value(answer, "code").unwrap_or_else(|| panic!("no code: {answer}"))
    }

    /// The error in an answer, checked likewise.
    pub(crate) fn error(&self, answer: &Url, ask: &Ask) -> String {
        assert!(answer.as_str().starts_with(&self.redirect_uri), "{answer}");
        assert_eq!(
            value(answer, "state").as_deref(),
            Some(ask.state.as_str()),
            "{answer}"
        );
        assert_eq!(
            value(answer, "iss").as_deref(),
            Some(self.issuer.as_str()),
            "{answer}"
        );
        assert_eq!(value(answer, "code"), None, "{answer}");
        value(answer, "error").unwrap_or_else(|| panic!("no error: {answer}"))
    }

    /// Demands that the person proves again who they are. Answers with the `sid`.
    pub(crate) async fn reauthenticate(&self, browser: &Browser, person: &Person) -> String {
        let ask = self.ask().with("prompt", "login");
        let page = self.send(browser, &ask).await.page();
        assert!(page.shows("You are signed in as"));
        let answer = browser.sign_in_at(&page, person).await.away();
        let tokens = self.redeem(&self.code(&answer, &ask), &ask).await;
        tokens.sid().to_owned()
    }

    /// `prompt=none`: the code, or the error.
    pub(crate) async fn silently(&self, browser: &Browser) -> Result<(String, Ask), String> {
        let ask = self.ask().with("prompt", "none");
        let answer = self.send(browser, &ask).await.away();
        match value(&answer, "code") {
            Some(_) => Ok((self.code(&answer, &ask), ask)),
            None => Err(self.error(&answer, &ask)),
        }
    }

    /// Signs in without a page, as the person is signed in already, and redeems the code.
    pub(crate) async fn join(&self, browser: &Browser) -> Tokens {
        let (code, ask) = self.silently(browser).await.unwrap();
        self.redeem(&code, &ask).await
    }

    /// A form to the token endpoint, authenticated as registered.
    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Page {
        self.machine("/oauth2/token", form).await
    }

    fn endpoint(&self, path: &str) -> Url {
        let mut url = Url::parse(&self.issuer).unwrap().join(path).unwrap();
        if let Some(port) = self.door {
            url.set_port(Some(port)).unwrap();
        }
        url
    }

    pub(crate) async fn machine(&self, path: &str, form: &[(&str, &str)]) -> Page {
        self.machine_with(path, &[], form).await
    }

    /// The same with more headers.
    pub(crate) async fn machine_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Page {
        let http = &self.http;
        let mut form = form.to_vec();
        let mut request = http.post(self.endpoint(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match &self.secret {
            Some(secret) => request = request.basic_auth(&self.client_id, Some(secret)),
            None => form.push(("client_id", &self.client_id)),
        }
        Page::read(request.form(&form).send().await.unwrap()).await
    }

    pub(crate) async fn try_redeem(&self, code: &str, ask: &Ask) -> Page {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &ask.verifier),
        ])
        .await
    }

    pub(crate) async fn redeem(&self, code: &str, ask: &Ask) -> Tokens {
        let page = self.try_redeem(code, ask).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let tokens = self.read(&page).await;
        assert_eq!(tokens.claims["nonce"], json!(ask.nonce));
        tokens
    }

    pub(crate) async fn try_refresh(&self, token: &str) -> Page {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Tokens {
        let page = self.try_refresh(token).await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.read(&page).await
    }

    pub(super) async fn read(&self, page: &Page) -> Tokens {
        let answer = page.json();
        let claims = match answer["id_token"].as_str() {
            Some(token) => self.verify(token, "JWT").await,
            None => Value::Null,
        };
        Tokens { answer, claims }
    }

    /// Verifies a token of the provider by its published keys, as any client library would.
    pub(crate) async fn verify(&self, token: &str, typ: &str) -> Value {
        self.verify_for(token, typ, &self.client_id).await
    }

    /// The same for another audience than this app.
    pub(crate) async fn verify_for(&self, token: &str, typ: &str, audience: &str) -> Value {
        let keys = self
            .http
            .get(format!("{}/oauth2/jwks", self.issuer))
            .send()
            .await
            .unwrap();
        let keys: JwkSet = keys.json().await.unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        assert_eq!(header.typ.as_deref(), Some(typ));
        let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
        let mut rules = jsonwebtoken::Validation::new(header.alg);
        // The house has a clock of its own: times are checked by the stories.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        rules.set_audience(&[audience]);
        rules.set_issuer(&[&self.issuer]);
        jsonwebtoken::decode::<Value>(token, &key, &rules)
            .unwrap()
            .claims
    }

    pub(crate) async fn userinfo(&self, access: &str) -> Page {
        let request = self
            .http
            .get(self.endpoint("/oauth2/userinfo"))
            .bearer_auth(access);
        Page::read(request.send().await.unwrap()).await
    }

    /// A GET with headers of one's own.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.http.get(self.endpoint(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Page::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let page = self
            .machine("/oauth2/introspect", &[("token", token)])
            .await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.json()
    }

    pub(crate) async fn revoke(&self, token: &str) -> Page {
        self.machine("/oauth2/revoke", &[("token", token)]).await
    }

    /// How it answers from now on.
    pub(crate) fn feels(&self, mood: Mood) {
        *self.heard.mood.lock().unwrap() = Some(mood);
    }

    /// The logout tokens that arrived, as they came.
    pub(crate) fn logout_tokens(&self) -> Vec<String> {
        self.heard.tokens.lock().unwrap().clone()
    }

    /// Waits for a valid logout token of this `sid` (Back-Channel Logout 1.0, 2.6); its claims.
    pub(crate) async fn expect_signed_out(&self, sid: &str) -> Value {
        let found = Mutex::new(None);
        House::until(&format!("{} hears of {sid}", self.client_id), || async {
            let Some(token) = self.tokens_of(sid).into_iter().next() else {
                return false;
            };
            *found.lock().unwrap() = Some(self.verify(&token, "logout+jwt").await);
            true
        })
        .await;
        let claims = found.into_inner().unwrap().unwrap();
        let events = &claims["events"];
        let member = "http://schemas.openid.net/event/backchannel-logout";
        assert!(events[member].is_object(), "{claims}");
        assert_eq!(claims["nonce"], Value::Null);
        assert!(claims["jti"].is_string() && claims["iat"].is_i64() && claims["exp"].is_i64());
        claims
    }
}

impl App {
    /// An app whose client the command line makes.
    pub(super) fn register_by_command(house: &Installation, id: &str, changes: &Value) -> Self {
        let (origin, heard) = listen();
        let metadata = usual_metadata(id, &origin, changes).to_string();
        let made = house.run_with(
            &["client", "create", "--from", "-", "--id", id, "--json"],
            &metadata,
        );
        let made: Value = serde_json::from_str(&made.succeeded()).unwrap();
        Self {
            client_id: made["client_id"].as_str().unwrap().to_owned(),
            secret: made["client_secret"].as_str().map(str::to_owned),
            redirect_uri: made["redirect_uris"][0].as_str().unwrap().to_owned(),
            issuer: house.issuer.clone(),
            origin,
            heard,
            http: super::http().build().unwrap(),
            door: None,
        }
    }

    /// An app that nobody has made a client for yet; it believes this authority (PEM).
    pub(crate) fn to_be_connected(issuer: &str, authority: &[u8]) -> Self {
        let (origin, heard) = listen();
        let authority = reqwest::Certificate::from_pem(authority).unwrap();
        Self {
            client_id: String::new(),
            secret: None,
            redirect_uri: format!("{origin}/callback"),
            issuer: issuer.to_owned(),
            origin,
            heard,
            http: super::http().tls_certs_only([authority]).build().unwrap(),
            door: None,
        }
    }

    /// With what the page for a new app showed.
    pub(crate) fn connected(self, client_id: String, secret: String) -> Self {
        Self {
            client_id,
            secret: Some(secret),
            ..self
        }
    }

    /// The logout tokens that say this `sid`, as they came: not verified.
    pub(crate) fn tokens_of(&self, sid: &str) -> Vec<String> {
        let mut tokens = self.logout_tokens();
        tokens.retain(|token| claims_of(token)["sid"] == json!(sid));
        tokens
    }

    /// Listens at one more address, such as one that was closed so far.
    pub(crate) fn listen_also(&self, listener: TcpListener) {
        serve(listener, Arc::clone(&self.heard));
    }
}

impl App {
    /// The same app, whose own requests go to this port of the provider.
    pub(crate) fn through(&self, port: u16) -> Self {
        Self {
            door: Some(port),
            ..self.clone()
        }
    }

    /// The same app under another id.
    pub(crate) fn named(&self, client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            ..self.clone()
        }
    }

    /// The same app, asking to be answered at another of its addresses.
    pub(crate) fn at(&self, redirect_uri: &str) -> Self {
        Self {
            redirect_uri: redirect_uri.to_owned(),
            ..self.clone()
        }
    }

    /// An answer in the fragment as one with a query, so that it is checked like any other.
    pub(crate) fn in_fragment(answer: &Url) -> Url {
        assert_eq!(answer.query(), None, "{answer}");
        let mut as_query = answer.clone();
        as_query.set_query(answer.fragment());
        as_query.set_fragment(None);
        as_query
    }

    /// The answer that a `form_post` page would post, as an address with a query, so that it is
    /// checked like any other.
    pub(crate) fn posted(page: &Page) -> Url {
        let mut address = page.form_action();
        assert_eq!(page.heading().split(' ').next(), Some("Going"), "{page:?}");
        address.query_pairs_mut().extend_pairs(page.hidden_fields());
        address
    }
}

/// What a token says, whoever made it.
fn claims_of(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Opens the back channel of an app.
fn listen() -> (String, Arc<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let heard = Arc::new(Heard::default());
    serve(listener, Arc::clone(&heard));
    (origin, heard)
}

/// What apps of the stories register, but for the changes.
fn usual_metadata(id: &str, origin: &str, changes: &Value) -> Value {
    let mut metadata = json!({
        "client_name": id,
        "redirect_uris": [format!("{origin}/callback")],
        "post_logout_redirect_uris": [format!("{origin}/")],
        "grant_types": ["authorization_code", "refresh_token"],
        "backchannel_logout_uri": format!("{origin}/backchannel-logout"),
        "first_party": true,
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

/// A parameter of an address's query.
pub(crate) fn value(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn serve(listener: TcpListener, heard: Arc<Heard>) {
    let server = HttpServer::new(move || {
        Server::new()
            .app_data(web::Data::from(Arc::clone(&heard)))
            .route("/backchannel-logout", web::post().to(hear))
            .route("/elsewhere", web::post().to(hear))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    tokio::spawn(server);
}

pub(super) async fn hear(
    heard: web::Data<Heard>,
    form: web::Form<Vec<(String, String)>>,
) -> HttpResponse {
    for (name, value) in form.iter() {
        if name == "logout_token" {
            heard.tokens.lock().unwrap().push(value.clone());
        }
    }
    let mood = heard.mood.lock().unwrap().unwrap_or(Mood::Answers(200));
    match mood {
        Mood::Answers(status) => HttpResponse::build(status.try_into().unwrap()).finish(),
        Mood::AsksFor(wait) => HttpResponse::ServiceUnavailable()
            .insert_header(("retry-after", wait))
            .finish(),
        Mood::Redirects => HttpResponse::TemporaryRedirect()
            .insert_header(("location", "/elsewhere"))
            .finish(),
        Mood::Hangs => {
            tokio::time::sleep(Duration::from_mins(10)).await;
            HttpResponse::Ok().finish()
        }
    }
}
