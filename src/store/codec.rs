//! The one form of stored documents: a version byte, then `MessagePack` with named fields.
//!
//! Names rather than positions, so that a field can be added (with a default) or dropped while old
//! documents are about: unknown fields are passed over.

use rmp_serde::Deserializer;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Leads every document.
const VERSION: u8 = 1;

/// The bytes of a document.
///
/// # Panics
/// For a type that has no `MessagePack` form, which is a mistake in the code.
#[expect(
    clippy::expect_used,
    reason = "our own documents always have a form; a Vec takes every write"
)]
pub fn encode<T: Serialize>(document: &T) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    rmp_serde::encode::write_named(&mut bytes, document).expect("our documents have a form");
    bytes
}

/// The document, if these are all the bytes of one.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (&VERSION, body) = bytes.split_first()? else {
        return None;
    };
    let mut rest = body;
    let document = T::deserialize(&mut Deserializer::new(&mut rest)).ok()?;
    rest.is_empty().then_some(document)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::clock::Timestamp;
    use crate::entropy::{Entropy, SecretHash, SessionId};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Old {
        id: SessionId,
        secret: SecretHash,
        began: Timestamp,
        amr: Vec<String>,
        dropped: Option<(SecretHash, Timestamp)>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct New {
        began: Timestamp,
        #[serde(default)]
        added: Option<u64>,
    }

    fn old() -> Old {
        let entropy = Entropy::seeded(1);
        let secret = SecretHash::from_bytes(entropy.bytes());
        Old {
            id: SessionId::random(&entropy),
            secret,
            began: Timestamp::from_secs(1),
            amr: vec!["pwd".to_owned()],
            dropped: Some((secret, Timestamp::from_secs(2))),
        }
    }

    #[test]
    fn anything_but_a_whole_document_is_refused() {
        let bytes = encode(&old());
        assert_eq!(decode::<Old>(&bytes), Some(old()));
        for cut in 0..bytes.len() {
            assert_eq!(decode::<Old>(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(decode::<Old>(&[bytes.as_slice(), &[0]].concat()), None);
        assert_eq!(decode::<Old>(&[&[2], &bytes[1..]].concat()), None);
    }

    #[test]
    fn fields_come_and_go() {
        let new = decode::<New>(&encode(&old())).unwrap();
        assert_eq!(new.began, old().began);
        assert_eq!(new.added, None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = decode::<Old>(&bytes);
            let _ = decode::<Old>(&[&[VERSION], bytes.as_slice()].concat());
        }
    }
}
