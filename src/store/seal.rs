//! Authenticated encryption of what leaves our memory: documents at rest, and the handles that
//! browsers and clients hold. A forged one is dropped here, before any store is asked.
//!
//! Sealed bytes are: format (1), key id (4), nonce (12), then AES-256-GCM-SIV ciphertext and tag
//! (RFC 8452). The header and the name are associated data; each [`Purpose`] has keys of its own,
//! so that nothing sealed for one use opens in another.

mod keys;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::NONCE_LEN;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::entropy::Entropy;

use keys::{HEADER, Keys};

/// What something is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A document of the hot state. Its name: the root and the name it lies under.
    Document,
    /// A cookie, code or token that somebody else holds. Its name: which of these.
    Handle,
    /// The private half of a signing key. Its name: the `kid`.
    SigningKey,
    /// The secret of a client that signs with it. Its name: the `client_id`.
    ClientSecret,
    /// Anti-forgery tokens of forms.
    AntiForgery,
}

/// Seals with the primary master key, opens with any. Clones share the keys.
#[derive(Clone)]
pub struct Sealer(Arc<Keyring>);

struct Keyring {
    primary: Keys,
    retired: Vec<Keys>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    /// From the master key in use and those before it, whose seals still open.
    pub fn new(primary: &[u8; 32], retired: &[[u8; 32]]) -> Self {
        Self(Arc::new(Keyring {
            primary: Keys::derive(primary),
            retired: retired.iter().map(Keys::derive).collect(),
        }))
    }

    /// Seals under a random nonce. Opens only for the same purpose and name.
    pub fn seal(
        &self,
        purpose: Purpose,
        name: &[u8],
        plaintext: &[u8],
        entropy: &Entropy,
    ) -> Vec<u8> {
        self.0
            .primary
            .seal(purpose, name, plaintext, entropy.bytes())
    }

    /// Seals so that the same plaintext gives the same bytes while the primary key stays: for a
    /// refresh token, whose successor must be one token however often it is asked for. It shows
    /// whether two plaintexts are equal, and nothing else (RFC 8452, 4).
    pub fn seal_same(&self, purpose: Purpose, name: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let keys = &self.0.primary;
        let nonce = keys.same_nonce(purpose, name, plaintext);
        keys.seal(purpose, name, plaintext, nonce)
    }

    /// The plaintext; nothing if the bytes are forged, cut, or sealed by another key, for another
    /// purpose or under another name.
    pub fn open(&self, purpose: Purpose, name: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (header, rest) = sealed.split_first_chunk::<HEADER>()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>()?;
        self.keys()
            .filter(|keys| keys.header() == *header)
            .find_map(|keys| keys.open(purpose, name, nonce, ciphertext))
    }

    /// [`Self::seal`] as unpadded base64url.
    pub fn seal_text(
        &self,
        purpose: Purpose,
        name: &[u8],
        plaintext: &[u8],
        entropy: &Entropy,
    ) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(purpose, name, plaintext, entropy))
    }

    /// [`Self::seal_same`] as unpadded base64url.
    pub fn seal_same_text(&self, purpose: Purpose, name: &[u8], plaintext: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.seal_same(purpose, name, plaintext))
    }

    /// [`Self::open`] of text. Only the one spelling of the bytes is taken (RFC 4648, 3.5):
    /// a token must not have two forms that both work but compare as different.
    pub fn open_text(&self, purpose: Purpose, name: &[u8], text: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        self.open(purpose, name, &sealed)
    }

    /// HMAC-SHA256 of the parts, each with its length before it, so that no two lists of parts
    /// have the same tag.
    pub fn tag(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        self.0.primary.tag(purpose, parts)
    }

    /// Whether this is the tag of the parts by any key, in constant time for each.
    pub fn verify_tag(&self, purpose: Purpose, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.keys().any(|keys| keys.is_tag(purpose, parts, tag))
    }

    fn keys(&self) -> impl Iterator<Item = &Keys> {
        std::iter::once(&self.0.primary).chain(&self.0.retired)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &[u8] = b"generation 3, sequence 14";

    fn sealer() -> Sealer {
        Sealer::new(&[1; 32], &[])
    }

    fn sealed() -> Vec<u8> {
        sealer().seal(Purpose::Handle, b"code", PLAIN, &Entropy::seeded(1))
    }

    #[test]
    fn only_its_own_purpose_name_and_key_open_it() {
        let other = Sealer::new(&[2; 32], &[]);
        let ours = sealer();
        for (sealer, purpose, name, expected) in [
            (&ours, Purpose::Document, "code", None),
            (&ours, Purpose::SigningKey, "code", None),
            (&ours, Purpose::ClientSecret, "code", None),
            (&ours, Purpose::AntiForgery, "code", None),
            (&ours, Purpose::Handle, "refresh", None),
            (&ours, Purpose::Handle, "cod", None),
            (&ours, Purpose::Handle, "codes", None),
            (&ours, Purpose::Handle, "", None),
            (&other, Purpose::Handle, "code", None),
            (&ours, Purpose::Handle, "code", Some(PLAIN)),
        ] {
            let opened = sealer.open(purpose, name.as_bytes(), &sealed());
            assert_eq!(opened.as_deref(), expected, "{purpose:?} {name}");
        }
    }

    #[test]
    fn every_flipped_bit_cut_or_addition_is_refused() {
        let ours = sealer();
        let sealed = sealed();
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ours.open(Purpose::Handle, b"code", &forged), None, "{bit}");
        }
        for cut in 0..sealed.len() {
            assert_eq!(ours.open(Purpose::Handle, b"code", &sealed[..cut]), None);
            assert_eq!(
                ours.open(Purpose::Handle, b"code", &sealed[cut + 1..]),
                None
            );
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert_eq!(ours.open(Purpose::Handle, b"code", &longer), None);
    }

    #[test]
    fn text_has_one_spelling() {
        let sealer = sealer();
        // Sealed, these are 58, 57 and 56 bytes: four, no and two spare bits in the last letter.
        for length in [25, 24, 23] {
            let plain = &PLAIN[..length];
            let text = sealer.seal_same_text(Purpose::Handle, b"code", plain);
            let open = |text: &str| sealer.open_text(Purpose::Handle, b"code", text);
            assert_eq!(open(&text).as_deref(), Some(plain));
            let mut forgeries = vec![
                String::new(),
                text[1..].to_owned(),
                text[..text.len() - 1].to_owned(),
                text.to_lowercase(),
                text.to_uppercase(),
                text.replace(['-', '_'], "+"),
            ];
            forgeries
                .extend(["=", "==", " ", "\n", "A", "\0", "é"].map(|end| format!("{text}{end}")));
            forgeries.extend([" ", "="].map(|start| format!("{start}{text}")));
            let last = text.chars().last();
            let alphabet = ('A'..='Z')
                .chain('a'..='z')
                .chain('0'..='9')
                .chain(['-', '_']);
            for letter in alphabet.filter(|letter| Some(*letter) != last) {
                forgeries.push(format!("{}{letter}", &text[..text.len() - 1]));
            }
            for forged in forgeries.iter().filter(|forged| **forged != text) {
                assert_eq!(open(forged), None, "{forged:?}");
            }
        }
    }

    #[test]
    fn a_retired_key_opens_and_no_longer_seals() {
        let entropy = Entropy::seeded(2);
        let rotated = Sealer::new(&[2; 32], &[[1; 32]]);
        assert_eq!(
            rotated.open(Purpose::Handle, b"code", &sealed()).as_deref(),
            Some(PLAIN)
        );
        let fresh = rotated.seal(Purpose::Handle, b"code", PLAIN, &entropy);
        assert_eq!(sealer().open(Purpose::Handle, b"code", &fresh), None);
        let tag = sealer().tag(Purpose::AntiForgery, &[b"form"]);
        assert!(rotated.verify_tag(Purpose::AntiForgery, &[b"form"], &tag));
        assert_ne!(rotated.tag(Purpose::AntiForgery, &[b"form"]), tag);
    }

    #[test]
    fn the_same_is_the_same_and_all_else_differs() {
        let sealer = sealer();
        let same = |purpose, name: &[u8], plain: &[u8]| sealer.seal_same(purpose, name, plain);
        let first = same(Purpose::Handle, b"refresh", PLAIN);
        assert_eq!(first, same(Purpose::Handle, b"refresh", PLAIN));
        assert_eq!(
            sealer.open(Purpose::Handle, b"refresh", &first).as_deref(),
            Some(PLAIN)
        );
        for other in [
            same(Purpose::Document, b"refresh", PLAIN),
            same(Purpose::Handle, b"code", PLAIN),
            same(Purpose::Handle, b"refresh", b"generation 3, sequence 15"),
        ] {
            assert_ne!(first[HEADER..][..NONCE_LEN], other[HEADER..][..NONCE_LEN]);
        }
        let entropy = Entropy::seeded(3);
        let random = || sealer.seal(Purpose::Handle, b"refresh", PLAIN, &entropy);
        assert_ne!(random(), random());
    }

    /// Stored documents and keys must open after every upgrade: these bytes never change.
    #[test]
    fn the_form_is_for_ever() {
        let text = sealer().seal_same_text(Purpose::SigningKey, b"kid", b"key");
        assert_eq!(text, "AW5vvNmzCjY5QnovuEMYmcQA2M7_5OWfFHrq0TsI9pa9pCUD");
    }

    #[test]
    fn a_tag_is_bound_to_every_part() {
        let sealer = sealer();
        let tag = sealer.tag(Purpose::AntiForgery, &[b"ab", b"c"]);
        let verify = |purpose, parts: &[&[u8]], tag: &[u8]| sealer.verify_tag(purpose, parts, tag);
        assert!(verify(Purpose::AntiForgery, &[b"ab", b"c"], &tag));
        for parts in [
            [b"a".as_slice(), b"bc"].as_slice(),
            &[b"abc"],
            &[b"ab", b"c", b""],
            &[b"", b"ab", b"c"],
            &[b"ab"],
            &[],
        ] {
            assert!(!verify(Purpose::AntiForgery, parts, &tag), "{parts:?}");
        }
        assert!(!verify(Purpose::Handle, &[b"ab", b"c"], &tag));
        assert!(!verify(Purpose::AntiForgery, &[b"ab", b"c"], &tag[..31]));
        assert!(!verify(Purpose::AntiForgery, &[b"ab", b"c"], b""));
    }

    #[test]
    fn keys_do_not_show() {
        assert_eq!(format!("{:?}", sealer()), "Sealer(…)");
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_and_one_flipped_bit_closes_it(
            plain in proptest::collection::vec(any::<u8>(), 0..200),
            name in proptest::collection::vec(any::<u8>(), 0..40),
            bit in any::<prop::sample::Index>(),
        ) {
            let sealer = sealer();
            let mut sealed = sealer.seal(Purpose::Document, &name, &plain, &Entropy::System);
            prop_assert_eq!(sealer.open(Purpose::Document, &name, &sealed), Some(plain));
            let bit = bit.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(sealer.open(Purpose::Document, &name, &sealed), None);
        }

        #[test]
        fn no_string_opens_or_panics(text in any::<String>(), letters in "[A-Za-z0-9_-]{0,120}") {
            for text in [text, letters] {
                prop_assert_eq!(sealer().open_text(Purpose::Handle, b"code", &text), None);
            }
        }
    }
}
