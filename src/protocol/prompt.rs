//! `prompt` (`OpenID` Connect Core 1.0, 3.1.2.1): what the client wants the person to see.

use serde::{Deserialize, Serialize};

use super::error::{ErrorCode, ProtocolError};

const NONE: u8 = 1;
const LOGIN: u8 = 1 << 1;
const CONSENT: u8 = 1 << 2;
const SELECT_ACCOUNT: u8 = 1 << 3;
const CREATE: u8 = 1 << 4;

/// The values that were asked for. By default none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prompt(u8);

impl Prompt {
    /// Reads values that are separated by spaces; unknown ones are ignored. `none` beside anything
    /// else contradicts itself.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let values: Vec<&str> = text.split(' ').filter(|value| !value.is_empty()).collect();
        if values.contains(&"none") && values.iter().any(|value| *value != "none") {
            return Err(ProtocolError::new(
                ErrorCode::InvalidRequest,
                "prompt=none cannot stand beside another value",
            ));
        }
        let bits = values.iter().map(|value| bit(value));
        Ok(Self(bits.fold(0, |all, one| all | one)))
    }

    /// Never show anything.
    pub const fn none(self) -> bool {
        self.has(NONE)
    }

    /// Authenticate again, whatever session there is.
    pub const fn login(self) -> bool {
        self.has(LOGIN)
    }

    /// Ask for consent, even if remembered.
    pub const fn consent(self) -> bool {
        self.has(CONSENT)
    }

    /// Let the person choose who they are. `create` (Initiating User Registration 1.0) wants a new
    /// account: nobody makes one here, so it leads past the present one to the sign-in page.
    pub const fn select_account(self) -> bool {
        self.has(SELECT_ACCOUNT) || self.has(CREATE)
    }

    const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

fn bit(value: &str) -> u8 {
    match value {
        "none" => NONE,
        "login" => LOGIN,
        "consent" => CONSENT,
        "select_account" => SELECT_ACCOUNT,
        "create" => CREATE,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone() {
        for text in [
            "none login",
            "consent none",
            "none create",
            " none  select_account ",
        ] {
            let error = Prompt::parse(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "{text}");
        }
    }

    #[test]
    fn values_are_read() {
        // none, login, consent, select_account
        let cases = [
            ("", [false; 4]),
            ("none", [true, false, false, false]),
            ("none none", [true, false, false, false]),
            ("login", [false, true, false, false]),
            ("login consent", [false, true, true, false]),
            ("select_account login", [false, true, false, true]),
            ("create", [false, false, false, true]),
            ("NONE", [false; 4]),
            ("nonelogin", [false; 4]),
        ];
        for (text, expected) in cases {
            let prompt = Prompt::parse(text).unwrap();
            let read = [
                prompt.none(),
                prompt.login(),
                prompt.consent(),
                prompt.select_account(),
            ];
            assert_eq!(read, expected, "{text}");
        }
    }
}
