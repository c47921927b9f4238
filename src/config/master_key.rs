//! The master key: 32 bytes under which documents, handles and signing keys are sealed.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// How to make one.
pub(super) const MAKE: &str = "Make one with: openssl rand -base64 32";

/// The key. It has no `Debug`, and its memory is wiped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why a text is no master key. The text itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// Neither base64url, base64 nor hex.
    #[error("The master key is not base64 or hex.")]
    Encoding,
    /// Not 32 bytes.
    #[error("The master key has {0} bytes, not 32.")]
    Length(usize),
    /// All bytes are the same: an example that was copied.
    #[error("The master key is not random.")]
    Constant,
}

impl MasterKey {
    /// A new random one.
    pub fn random(entropy: &Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes()))
    }

    /// Reads base64url, base64 or hex; spaces and newlines around it do not count.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let bytes = decode_hex(text)
            .or_else(|| decode_base64(text))
            .ok_or(MasterKeyError::Encoding)?;
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(MasterKeyError::Length(bytes.len()));
        }
        key.copy_from_slice(&bytes);
        if key.iter().all(|byte| Some(byte) == key.first()) {
            return Err(MasterKeyError::Constant);
        }
        Ok(Self(key))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its text for a key file: base64url and a newline.
    pub(super) fn encode(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(engine(&URL_SAFE).encode(*self.0));
        text.push('\n');
        text
    }
}

fn decode_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() != 64 {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(32));
    for pair in text.as_bytes().chunks_exact(2) {
        let pair = std::str::from_utf8(pair).ok()?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(pair, 16).ok()?);
    }
    Some(bytes)
}

fn decode_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    [&URL_SAFE, &STANDARD]
        .into_iter()
        .find_map(|alphabet| engine(alphabet).decode(text).ok())
        .map(Zeroizing::new)
}

fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let padding = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1efb";

    #[test]
    fn what_is_refused() {
        let cases = [
            ("", MasterKeyError::Length(0)),
            ("not a key!", MasterKeyError::Encoding),
            ("AAEC", MasterKeyError::Length(3)),
            // A digit of hex is missing.
            (&HEX[1..], MasterKeyError::Encoding),
            (
                "000102030405060708090a0b0c0d0e0f",
                MasterKeyError::Length(24),
            ),
            (&"0".repeat(64), MasterKeyError::Constant),
            (&"A".repeat(43), MasterKeyError::Constant),
        ];
        for (text, error) in cases {
            assert_eq!(MasterKey::parse(text).err(), Some(error), "{text:?}");
        }
    }

    #[test]
    fn three_ways_to_write_the_same_key() {
        let expected = *MasterKey::parse(HEX)
            .unwrap_or_else(|_| panic!("hex"))
            .as_bytes();
        assert_eq!(expected[31], 0xfb);
        for text in [
            HEX.to_uppercase(),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHvs=".to_owned(),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHvs".to_owned(),
            "  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHvs=\n".to_owned(),
        ] {
            let key = MasterKey::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(*key.as_bytes(), expected, "{text}");
        }
        // Both alphabets: 62 and 63 are `+/` in one and `-_` in the other.
        let bytes: [u8; 32] = std::array::from_fn(|at| if at == 0 { 0xfb } else { 0xff });
        for text in [
            "+/////////////////////////////////////////8=",
            "-_________________________________________8",
        ] {
            let key = MasterKey::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(*key.as_bytes(), bytes, "{text}");
        }
    }

    #[test]
    fn a_random_key_is_read_back() {
        let key = MasterKey::random(&Entropy::seeded(1));
        let text = key.encode();
        let again = MasterKey::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.as_bytes(), key.as_bytes());
    }
}
