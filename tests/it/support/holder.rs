//! Somebody who holds a key and proves it (RFC 9449).

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use lanyard::clock::Clock;
use lanyard::entropy::Entropy;
use lanyard::protocol::client::SigningAlg;
use lanyard::protocol::dpop::token_hash;
use lanyard::protocol::jose::SigningKey;
use serde_json::{Value, json};

use super::app::{Ask, Tokens};
use super::{App, Browser, House, Page};

pub(crate) const TOKEN: &str = "/oauth2/token";
pub(crate) const USERINFO: &str = "/oauth2/userinfo";
pub(crate) const PUSHED: &str = "/oauth2/par";

/// A key, and the nonce that its holder was told last.
pub(crate) struct Holder {
    key: SigningKey,
    issuer: String,
    clock: Clock,
    nonce: Mutex<Option<String>>,
}

impl Holder {
    pub(crate) fn of(house: &House) -> Self {
        Self {
            key: SigningKey::generate(SigningAlg::ES256).unwrap(),
            issuer: house.issuer.clone(),
            clock: house.clock.clone(),
            nonce: Mutex::new(None),
        }
    }

    /// The thumbprint of the key.
    pub(crate) fn jkt(&self) -> &str {
        self.key.kid()
    }

    /// The public key, without more than it needs.
    pub(crate) fn jwk(&self) -> Value {
        let jwk = self.key.public().jwk();
        json!({ "kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"], "y": jwk["y"] })
    }

    pub(crate) fn nonce(&self) -> Option<String> {
        self.nonce.lock().unwrap().clone()
    }

    pub(crate) fn head(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() })
    }

    /// What a good proof says, but for the changes; null takes a claim away.
    pub(crate) fn claims(&self, method: &str, path: &str, changes: &Value) -> Value {
        let mut claims = json!({
            "jti": Entropy::System.alphanumeric(20), "htm": method,
            "htu": format!("{}{path}", self.issuer), "iat": self.clock.now().as_secs(),
            "nonce": self.nonce(),
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let members = claims.as_object_mut().unwrap();
        members.retain(|_, value| !value.is_null());
        claims
    }

    /// Signs with the key, whatever the head says.
    pub(crate) fn sign(&self, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(head), part(claims));
        let key = EncodingKey::from_ec_der(&self.key.to_pkcs8().unwrap());
        let signed = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256);
        format!("{message}.{}", signed.unwrap())
    }

    /// A proof for the token endpoint.
    pub(crate) fn for_token(&self, changes: &Value) -> String {
        self.sign(&self.head(), &self.claims("POST", TOKEN, changes))
    }

    /// A proof beside an access token.
    pub(crate) fn for_userinfo(&self, access: &str, changes: &Value) -> String {
        let mut claims = json!({ "ath": token_hash(access) });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.sign(&self.head(), &self.claims("GET", USERINFO, &claims))
    }

    /// Keeps the nonce that an answer brings.
    pub(crate) fn hear(&self, page: &Page) {
        if let Some(nonce) = page.header("dpop-nonce") {
            *self.nonce.lock().unwrap() = Some(nonce.to_owned());
        }
    }

    /// Learns a nonce, by a request that comes to nothing.
    pub(crate) async fn greet(&self, app: &App) {
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let proof = self.for_token(&json!({ "nonce": null }));
        let page = app.machine_with(TOKEN, &[("DPoP", &proof)], &form).await;
        assert_eq!(page.status, 400, "{}", page.body);
        assert_eq!(page.json()["error"], "use_dpop_nonce");
        self.hear(&page);
        assert!(self.nonce().is_some());
    }
}

impl App {
    /// A token request with a good proof, as a client library makes it: once more if it is told a
    /// nonce.
    pub(crate) async fn token_by(&self, holder: &Holder, form: &[(&str, &str)]) -> Page {
        let mut page = self.token_once(holder, form).await;
        if page.json()["error"] == "use_dpop_nonce" {
            page = self.token_once(holder, form).await;
        }
        page
    }

    async fn token_once(&self, holder: &Holder, form: &[(&str, &str)]) -> Page {
        let proof = holder.for_token(&json!({}));
        let page = self.machine_with(TOKEN, &[("DPoP", &proof)], form).await;
        holder.hear(&page);
        page
    }

    /// Pushes a request with this proof beside it.
    pub(crate) async fn push_with(&self, proof: &str, ask: &Ask) -> Page {
        // Who it is, is said in its own place.
        let ask = ask.clone().with("client_id", "");
        self.machine_with(PUSHED, &[("DPoP", proof)], &ask.pairs())
            .await
    }

    pub(crate) async fn try_redeem_by(&self, holder: &Holder, code: &str, ask: &Ask) -> Page {
        self.token_by(holder, &self.redemption(code, ask)).await
    }

    pub(crate) fn redemption<'a>(
        &'a self,
        code: &'a str,
        ask: &'a Ask,
    ) -> [(&'static str, &'a str); 4] {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &ask.verifier),
        ]
    }

    pub(crate) async fn redeem_by(&self, holder: &Holder, code: &str, ask: &Ask) -> Tokens {
        let page = self.try_redeem_by(holder, code, ask).await;
        self.bound_tokens(&page).await
    }

    /// Signs in without a page, and redeems the code by this key.
    pub(crate) async fn join_by(&self, holder: &Holder, browser: &Browser) -> Tokens {
        let (code, ask) = self.fresh_code(browser).await;
        self.redeem_by(holder, &code, &ask).await
    }

    pub(crate) async fn try_refresh_by(&self, holder: &Holder, token: &str) -> Page {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.token_by(holder, &form).await
    }

    pub(crate) async fn refresh_by(&self, holder: &Holder, token: &str) -> Tokens {
        let page = self.try_refresh_by(holder, token).await;
        self.bound_tokens(&page).await
    }

    /// The error that a refresh by this key is refused with.
    pub(crate) async fn refused_refresh_by(&self, holder: &Holder, token: &str) -> String {
        super::tokens::refusal(&self.try_refresh_by(holder, token).await)
    }

    /// The tokens of an answer whose access token is bound.
    async fn bound_tokens(&self, page: &Page) -> Tokens {
        assert_eq!(page.status, 200, "{}", page.body);
        let tokens = self.read(page).await;
        assert_eq!(tokens.answer["token_type"], "DPoP");
        tokens
    }

    /// Asks userinfo with a good proof beside the token.
    pub(crate) async fn userinfo_by(&self, holder: &Holder, access: &str) -> Page {
        let proof = holder.for_userinfo(access, &json!({}));
        let page = self.userinfo_with(access, &[&proof]).await;
        holder.hear(&page);
        page
    }

    /// Asks userinfo under the DPoP scheme, with these proofs.
    pub(crate) async fn userinfo_with(&self, access: &str, proofs: &[&str]) -> Page {
        let mut headers = vec![("authorization", format!("DPoP {access}"))];
        let proofs = proofs.iter().map(|proof| ("dpop", (*proof).to_owned()));
        headers.extend(proofs);
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.get_with(USERINFO, &headers).await
    }
}
