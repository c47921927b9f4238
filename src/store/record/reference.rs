//! The name of a session that people and logs may see.

use crate::entropy::{SessionId, sha256};

/// RFC 4648, 6: letters and digits that are not mistaken for each other when read aloud.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A session's public name: 60 bits of the hash of its id, as `XXXX-XXXX-XXXX`. The id cannot be
/// computed from it.
pub fn reference(id: SessionId) -> String {
    let hash = sha256(id.as_bytes());
    let mut text = String::with_capacity(14);
    let bits = hash
        .iter()
        .take(8)
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    for place in 0..12_u32 {
        if place > 0 && place.is_multiple_of(4) {
            text.push('-');
        }
        let five = usize::try_from(bits >> (59 - 5 * place) & 31).unwrap_or(0);
        text.extend(BASE32.get(five).map(|letter| char::from(*letter)));
    }
    text
}

/// Whether a text has the form of a reference, in capitals.
pub fn is_reference(text: &str) -> bool {
    text.len() == 14
        && text.bytes().enumerate().all(|(place, letter)| match place {
            4 | 9 => letter == b'-',
            _ => BASE32.contains(&letter),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn it_is_three_groups_of_four_and_says_nothing_of_the_id() {
        let entropy = Entropy::seeded(1);
        let (one, two) = (SessionId::random(&entropy), SessionId::random(&entropy));
        let text = reference(one);
        assert_eq!(text, reference(one));
        assert_ne!(text, reference(two));
        assert!(is_reference(&text), "{text}");
        let groups: Vec<_> = text.split('-').collect();
        assert_eq!(groups.len(), 3, "{text}");
        for group in groups {
            assert_eq!(group.len(), 4, "{text}");
            assert!(
                group.bytes().all(|letter| BASE32.contains(&letter)),
                "{text}"
            );
        }
    }

    #[test]
    fn it_is_what_the_hash_says() {
        // SHA-256 of sixteen zero bytes begins 37 47 08 ff f7 71 9d d5.
        assert_eq!(reference(SessionId::from_bytes([0; 16])), "G5DQ-R77X-OGO5");
    }
}
