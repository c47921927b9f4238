//! The code that a person reads from one device and types into another (RFC 8628, 6.1).
//!
//! Letters alone, so that phones show one keyboard; without vowels, so that no words come of it;
//! without `Y`, which some would take for one. No letter is mistaken for a digit, as there are none.

use std::fmt;

use crate::entropy::Entropy;

const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 34 bits: enough for ten minutes and a page that slows down who guesses.
const LENGTH: usize = 8;
/// Where the dash is shown.
const HALF: usize = LENGTH / 2;
/// The longest text that is read: a code with a mark between all of its letters, and some more.
const LONGEST: usize = 64;

/// A user code. It does not show in `Debug`: whoever knows it can be asked in a device's name.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

impl UserCode {
    /// A new one, each equally likely.
    pub fn random(entropy: &Entropy) -> Self {
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            for byte in entropy.bytes::<16>() {
                // 240 = 12 * 20: larger bytes would favour the first letters.
                let letter = LETTERS.get(usize::from(byte % 20));
                if let (true, true, Some(letter)) = (byte < 240, text.len() < LENGTH, letter) {
                    text.push(char::from(*letter));
                }
            }
        }
        Self(text)
    }

    /// What somebody typed, in whatever case and with whatever marks and spaces between the
    /// letters. None: it is no code.
    pub fn read(typed: &str) -> Option<Self> {
        if typed.len() > LONGEST {
            return None;
        }
        let mut text = String::with_capacity(LENGTH);
        for letter in typed.chars().filter(|letter| letter.is_alphanumeric()) {
            let letter = letter.to_ascii_uppercase();
            let known = u8::try_from(letter).is_ok_and(|byte| LETTERS.contains(&byte));
            if !known || text.len() == LENGTH {
                return None;
            }
            text.push(letter);
        }
        (text.len() == LENGTH).then_some(Self(text))
    }

    /// As people see it: `BCDF-GHJK`.
    pub fn shown(&self) -> String {
        let (head, tail) = self.0.split_at_checked(HALF).unwrap_or((&self.0, ""));
        format!("{head}-{tail}")
    }

    /// Its letters.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "BCDF-GHJA",
            "BCDF-GHJ0",
            "BCDF-GHJY",
            "BCDF-GHJÄ",
            "BCDF-GHJ\u{212A}",
            "BCDF-GHJ\u{FF2B}",
            "BCDF-GHJſ",
            &format!("BCDF{}GHJK", " ".repeat(60)),
        ] {
            assert_eq!(UserCode::read(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        for typed in [
            "BCDF-GHJK",
            "bcdfghjk",
            " BcDf gHjK\r\n",
            "b.c.d.f.g.h.j.k.",
            "BCDF\u{2013}GHJK",
            "\"BCDF\u{A0}GHJK\"",
        ] {
            let code = UserCode::read(typed).unwrap();
            assert_eq!(code.shown(), "BCDF-GHJK", "{typed:?}");
        }
    }

    #[test]
    fn a_code_does_not_show_in_logs() {
        let code = UserCode::read("BCDF-GHJK").unwrap();
        assert_eq!(format!("{code:?}"), "UserCode(…)");
    }

    #[test]
    fn every_letter_comes_about_as_often() {
        let entropy = Entropy::seeded(5);
        let mut counts = [0_u32; 256];
        for _ in 0..5000 {
            let code = UserCode::random(&entropy);
            code.as_bytes()
                .iter()
                .for_each(|byte| counts[usize::from(*byte)] += 1);
        }
        for letter in LETTERS {
            let count = counts[usize::from(*letter)];
            assert!((1800..2200).contains(&count), "{letter}: {count}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_code_or_refused(typed in "\\PC{0,80}") {
            if let Some(code) = UserCode::read(&typed) {
                let shown = code.shown();
                prop_assert_eq!(UserCode::read(&shown), Some(code.clone()));
                prop_assert_eq!(shown.len(), LENGTH + 1);
                prop_assert!(code.as_bytes().iter().all(|byte| LETTERS.contains(byte)));
            }
        }

        #[test]
        fn every_code_is_read_back_with_any_marks_between(
            seed in any::<u64>(),
            marks in prop::collection::vec("[ .,:;_/'\"(){}–—\u{A0}\u{200B}-]{0,1}", 9),
            lower in any::<bool>(),
        ) {
            let code = UserCode::random(&Entropy::seeded(seed));
            let shown = code.shown();
            let letters = shown.chars().filter(|letter| *letter != '-');
            let mut typed = marks[0].clone();
            for (letter, mark) in letters.zip(&marks[1..]) {
                typed.push(letter);
                typed.push_str(mark);
            }
            let typed = if lower { typed.to_lowercase() } else { typed };
            prop_assert_eq!(UserCode::read(&typed), Some(code));
        }
    }
}
