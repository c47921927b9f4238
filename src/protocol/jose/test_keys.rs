//! Keys that all tests share, as making an RSA key is slow.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{HeldKey, KeyLife, KeySet, SigningKey};
use crate::clock::Timestamp;
use crate::protocol::signing_alg::SigningAlg;

fn shared(slot: &OnceLock<Arc<SigningKey>>, alg: SigningAlg) -> Arc<SigningKey> {
    let make = || Arc::new(SigningKey::generate(alg).unwrap());
    Arc::clone(slot.get_or_init(make))
}

pub(crate) fn rsa() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    shared(&KEY, SigningAlg::RS256)
}

pub(crate) fn p256() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    shared(&KEY, SigningAlg::ES256)
}

/// One of any algorithm. Making an RSA key is slow: those of tests are shared by its padding.
pub(crate) fn of(alg: SigningAlg) -> Arc<SigningKey> {
    match alg {
        SigningAlg::RS256 => rsa(),
        SigningAlg::ES256 => p256(),
        SigningAlg::RS384
        | SigningAlg::RS512
        | SigningAlg::PS256
        | SigningAlg::PS384
        | SigningAlg::PS512 => {
            let same = rsa().to_pkcs8().unwrap();
            Arc::new(SigningKey::from_pkcs8(alg, &same).unwrap())
        }
        SigningAlg::ES384 | SigningAlg::EdDsa => Arc::new(SigningKey::generate(alg).unwrap()),
    }
}

pub(crate) fn one_of_each() -> Vec<Arc<SigningKey>> {
    SigningAlg::ALL.map(of).to_vec()
}

pub(crate) fn key_set() -> KeySet {
    let life = KeyLife::first(Timestamp::from_secs(1_000));
    let held = |key| HeldKey::signing(key, life);
    KeySet::new(vec![held(rsa()), held(p256())])
}

/// A token with any head.
pub(crate) fn crafted(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.sign_bytes(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token that brings its key along.
pub(crate) fn with_own_key(key: &SigningKey, typ: &str, claims: &Value) -> String {
    let header = json!({ "typ": typ, "alg": key.alg().as_str(), "jwk": key.public().jwk() });
    crafted(key, &header, claims)
}
