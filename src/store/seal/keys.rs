//! What is derived from one master key: its id, and for each purpose the keys that seal and tag.

use aws_lc_rs::aead::{
    AES_256_GCM_SIV, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use super::Purpose;
use crate::entropy::sha256;

const FORMAT: u8 = 1;

/// The length of format and key id.
pub(super) const HEADER: usize = 5;

/// Separates our keys from those that anybody else derives from the same master key.
const SALT: &[u8] = b"lanyard seal 1";

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Document => b"document",
            Self::Handle => b"handle",
            Self::SigningKey => b"signing key",
            Self::ClientSecret => b"client secret",
            Self::AntiForgery => b"anti-forgery",
        }
    }
}

/// What is derived from one master key.
pub(super) struct Keys {
    id: [u8; 4],
    document: Subkeys,
    handle: Subkeys,
    signing_key: Subkeys,
    client_secret: Subkeys,
    anti_forgery: Subkeys,
}

struct Subkeys {
    seal: LessSafeKey,
    same_nonce: hmac::Key,
    tag: hmac::Key,
}

impl Keys {
    pub(super) fn derive(master: &[u8; 32]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(master);
        let [a, b, c, d, ..] = sha256(&*expand(&root, b"key id", b""));
        let subkeys = |purpose| Subkeys::derive(&root, purpose);
        Self {
            id: [a, b, c, d],
            document: subkeys(Purpose::Document),
            handle: subkeys(Purpose::Handle),
            signing_key: subkeys(Purpose::SigningKey),
            client_secret: subkeys(Purpose::ClientSecret),
            anti_forgery: subkeys(Purpose::AntiForgery),
        }
    }

    fn of(&self, purpose: Purpose) -> &Subkeys {
        match purpose {
            Purpose::Document => &self.document,
            Purpose::Handle => &self.handle,
            Purpose::SigningKey => &self.signing_key,
            Purpose::ClientSecret => &self.client_secret,
            Purpose::AntiForgery => &self.anti_forgery,
        }
    }

    pub(super) fn header(&self) -> [u8; HEADER] {
        let [a, b, c, d] = self.id;
        [FORMAT, a, b, c, d]
    }

    /// What is authenticated beside the ciphertext. The header has one length, so that it cannot
    /// run into the name.
    fn associated(&self, name: &[u8]) -> Aad<Vec<u8>> {
        Aad::from([self.header().as_slice(), name].concat())
    }

    /// The nonce that the same plaintext under the same name always gets.
    pub(super) fn same_nonce(
        &self,
        purpose: Purpose,
        name: &[u8],
        plaintext: &[u8],
    ) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        let mac = mac(&self.of(purpose).same_nonce, &[name, plaintext]);
        nonce.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
        nonce
    }

    pub(super) fn tag(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.of(purpose).tag, parts)
    }

    /// In constant time.
    pub(super) fn is_tag(&self, purpose: Purpose, parts: &[&[u8]], tag: &[u8]) -> bool {
        hmac::verify(&self.of(purpose).tag, &joined(parts), tag).is_ok()
    }

    pub(super) fn seal(
        &self,
        purpose: Purpose,
        name: &[u8],
        plaintext: &[u8],
        nonce: [u8; NONCE_LEN],
    ) -> Vec<u8> {
        // With room for the tag, so that no copy of the plaintext is left behind by a reallocation.
        let mut ciphertext = Vec::with_capacity(plaintext.len() + MAX_TAG_LEN);
        ciphertext.extend_from_slice(plaintext);
        sure(self.of(purpose).seal.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            self.associated(name),
            &mut ciphertext,
        ));
        [self.header().as_slice(), &nonce, &ciphertext].concat()
    }

    pub(super) fn open(
        &self,
        purpose: Purpose,
        name: &[u8],
        nonce: &[u8; NONCE_LEN],
        ciphertext: &[u8],
    ) -> Option<Vec<u8>> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut bytes = ciphertext.to_vec();
        let key = &self.of(purpose).seal;
        let opened = key.open_in_place(nonce, self.associated(name), &mut bytes);
        let length = opened.ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

impl Subkeys {
    fn derive(root: &hkdf::Prk, purpose: Purpose) -> Self {
        let subkey = |usage| expand(root, purpose.label(), usage);
        let mac_key = |usage| hmac::Key::new(hmac::HMAC_SHA256, &*subkey(usage));
        Self {
            seal: LessSafeKey::new(sure(UnboundKey::new(&AES_256_GCM_SIV, &*subkey(b"seal")))),
            same_nonce: mac_key(b"nonce"),
            tag: mac_key(b"tag"),
        }
    }
}

/// HKDF (RFC 5869, 2.3). No label is the beginning of another, so the info is unambiguous.
fn expand(root: &hkdf::Prk, label: &[u8], usage: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let info = [label, b"/", usage];
    let expanded = root.expand(&info, hkdf::HKDF_SHA256);
    sure(expanded.and_then(|okm| okm.fill(&mut *key)));
    key
}

fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hmac::sign(key, &joined(parts)).as_ref());
    out
}

/// The parts, each with its length before it: `["ab", "c"]` is never `["a", "bc"]`.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in parts {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[expect(
    clippy::expect_used,
    reason = "fails only for wrong lengths of keys, which are constants, or beyond 64 GiB"
)]
fn sure<T>(result: Result<T, Unspecified>) -> T {
    result.expect("the lengths are right")
}
