//! What a new password must be (ASVS 5.0, 6.2; NIST SP 800-63B, 3.1.1): long enough, not one of the
//! first that anybody tries, not the person's own name. No rules of composition.

use super::password::MAX_PASSWORD_BYTES;
use super::user::LoginKey;

/// Fewer characters than this are too few.
pub const MIN_PASSWORD_CHARACTERS: usize = 8;

/// The commonest passwords of eight characters and more, lower case, one a line: the first 3000 of
/// the corpus that Mark Burnett released in 2015 (in the counts kept by zxcvbn), and some since.
const COMMON: &str = include_str!("common_passwords.txt");

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// Under [`MIN_PASSWORD_CHARACTERS`].
    TooShort,
    /// Over [`MAX_PASSWORD_BYTES`].
    TooLong,
    /// Among the first that are tried.
    Common,
    /// The username or the email address, or the part of it before the `@`.
    OwnName,
}

impl Weakness {
    /// What the person is told.
    pub const fn message(self) -> &'static str {
        match self {
            Self::TooShort => "Use at least 8 characters. A few words in a row do well.",
            Self::TooLong => "That password is too long. Use at most 4096 bytes.",
            Self::Common => "Many people use that password, so it is tried first. Choose another.",
            Self::OwnName => {
                "That is your own username or email address, so it is easy to guess. \
                 Choose another."
            }
        }
    }
}

/// Judges a new password for the person who is to have it.
pub fn check(password: &str, username: &str, email: Option<&str>) -> Result<(), Weakness> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(Weakness::TooLong);
    }
    if password.chars().count() < MIN_PASSWORD_CHARACTERS {
        return Err(Weakness::TooShort);
    }
    let folded = LoginKey::new(password);
    if COMMON.lines().any(|common| common == folded.as_str()) {
        return Err(Weakness::Common);
    }
    let local_part = email
        .and_then(|email| email.rsplit_once('@'))
        .map(|(local, _)| local);
    let own = [Some(username), email, local_part];
    if own
        .into_iter()
        .flatten()
        .any(|name| LoginKey::new(name) == folded)
    {
        return Err(Weakness::OwnName);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(password: &str) -> Result<(), Weakness> {
        check(password, "maria-gonzalez", Some("m.gonzalez@example.com"))
    }

    #[test]
    fn weak_ones_are_refused() {
        let table = [
            ("", Weakness::TooShort),
            ("1234567", Weakness::TooShort),
            // Seven characters of three bytes each.
            ("パスワード七字", Weakness::TooShort),
            ("password", Weakness::Common),
            ("PassWord", Weakness::Common),
            ("ｐａｓｓｗｏｒｄ", Weakness::Common),
            ("12345678", Weakness::Common),
            ("qwertyuiop", Weakness::Common),
            ("iloveyou", Weakness::Common),
            ("p@ssw0rd", Weakness::Common),
            ("Maria-Gonzalez", Weakness::OwnName),
            ("M.Gonzalez@Example.com", Weakness::OwnName),
            ("m.gonzalez", Weakness::OwnName),
        ];
        for (password, weakness) in table {
            assert_eq!(judge(password), Err(weakness), "{password:?}");
            assert!(!weakness.message().is_empty());
        }
        assert_eq!(
            judge(&"x".repeat(MAX_PASSWORD_BYTES + 1)),
            Err(Weakness::TooLong)
        );
    }

    #[test]
    fn long_ones_pass_whatever_they_are_made_of() {
        let longest = "y".repeat(MAX_PASSWORD_BYTES);
        for password in [
            "alice-demo",
            "four quiet words here",
            "        x",
            "maria-gonzalez-2",
            "八文字以上の言葉",
            longest.as_str(),
        ] {
            assert_eq!(judge(password), Ok(()), "{password:?}");
        }
        assert_eq!(check("someone-else", "alice", None), Ok(()));
    }

    #[test]
    fn the_list_is_in_the_form_in_which_it_is_compared() {
        assert!(COMMON.lines().count() >= 3000);
        for common in COMMON.lines() {
            assert_eq!(LoginKey::new(common).as_str(), common);
            assert!(
                common.chars().count() >= MIN_PASSWORD_CHARACTERS,
                "{common}"
            );
        }
        assert!(COMMON.lines().is_sorted());
    }
}
