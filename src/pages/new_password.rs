//! "Choose a new password": in place of a temporary one, before anything else opens.

use askama::Template;

use super::fields::{Field, Input, title_prefix};
use super::parts::App;
use super::samples;
use super::{Page, Sample};

/// The page that demands a password of one's own. Its POST may end at an app: no `form-action`;
/// the origin of the app's logo belongs in `img-src`.
#[derive(Clone, Template)]
#[template(path = "new_password.html")]
pub struct NewPassword {
    /// For which app; none when somebody comes to their account pages.
    pub app: Option<App>,
    /// Where the form posts to; it carries the interaction.
    pub action: String,
    /// The anti-forgery token.
    pub csrf: String,
    /// Whose, for password managers.
    pub username: String,
    /// What happened before.
    pub notice: NewPasswordNotice,
}

/// What happened before this page is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPasswordNotice {
    /// Nothing.
    None,
    /// The password will not do: why, and what to do.
    Refused(&'static str),
    /// Too many passwords are being checked.
    Busy {
        /// "2 seconds".
        wait: String,
    },
}

/// What a new password must be, as the form says it.
pub(super) const HINT: &str = "At least 8 characters. A few words in a row do well.";

impl NewPassword {
    fn title_prefix(&self) -> &'static str {
        match self.notice {
            NewPasswordNotice::None => "",
            NewPasswordNotice::Refused(_) => title_prefix(true),
            NewPasswordNotice::Busy { .. } => "Please wait: ",
        }
    }

    fn field(&self) -> Field {
        let error = match &self.notice {
            NewPasswordNotice::Refused(why) => Some((*why).to_owned()),
            NewPasswordNotice::None | NewPasswordNotice::Busy { .. } => None,
        };
        Field::new("new_password", "New password", Input::NewPassword)
            .hint(HINT)
            .required()
            .focused()
            .error(error)
    }
}

impl Page for NewPassword {
    const KIND: &'static str = "new-password";
    const MARKER: &'static str = "Choose a new password";

    fn samples() -> Vec<Sample<Self>> {
        let due = Self {
            app: Some(samples::wiki()),
            action: "/login/password?i=sample".to_owned(),
            csrf: samples::CSRF.to_owned(),
            username: "alice".to_owned(),
            notice: NewPasswordNotice::None,
        };
        let with = |notice| Self {
            notice,
            ..due.clone()
        };
        let refused = with(NewPasswordNotice::Refused(
            "Many people use that password, so it is tried first. Choose another.",
        ));
        let busy = with(NewPasswordNotice::Busy {
            wait: "2 seconds".to_owned(),
        });
        let own = Self {
            app: None,
            ..due.clone()
        };
        let hostile = Self {
            app: Some(samples::hostile_app()),
            username: samples::HOSTILE.to_owned(),
            ..due.clone()
        };
        vec![
            ("due", due),
            ("refused", refused),
            ("busy", busy),
            ("own", own),
            ("hostile", hostile),
        ]
    }
}
