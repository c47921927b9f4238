//! A provider's signing key.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKeyId;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use serde_json::Value;

#[derive(Clone)]
pub(in crate::demo) struct Signer {
    pair: Arc<RsaKeyPair>,
    kid: String,
}

impl Signer {
    pub(in crate::demo) fn new(kid: &str) -> Self {
        let pair = Arc::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        Self {
            pair,
            kid: kid.to_owned(),
        }
    }

    pub(in crate::demo) fn kid(&self) -> &str {
        &self.kid
    }

    pub(in crate::demo) fn keys(&self) -> CoreJsonWebKeySet {
        let public = self.pair.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        let id = JsonWebKeyId::new(self.kid.clone());
        CoreJsonWebKeySet::new(vec![CoreJsonWebKey::new_rsa(
            n.big_endian_without_leading_zero().to_vec(),
            e.big_endian_without_leading_zero().to_vec(),
            Some(id),
        )])
    }

    pub(in crate::demo) fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
