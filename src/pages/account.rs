//! The frame around the pages of one's own account.

use super::parts::Notice;

/// What every account page shows.
#[derive(Clone)]
pub struct AccountFrame {
    /// Who is signed in.
    pub person: String,
    /// They may use the admin pages.
    pub administrator: bool,
    /// The anti-forgery token, of every form on the page.
    pub csrf: String,
    /// Which of the pages it is.
    pub tab: Tab,
    /// What has just been done.
    pub notice: Option<Notice>,
}

/// The pages of one's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// `/account`.
    Sessions,
    /// `/apps`.
    Open,
    /// `/account/apps`.
    Apps,
    /// `/account/profile`.
    Profile,
    /// `/account/password`.
    Password,
}

impl Tab {
    /// In the order of the tabs.
    pub(super) const ALL: [Self; 5] = [
        Self::Sessions,
        Self::Open,
        Self::Apps,
        Self::Profile,
        Self::Password,
    ];

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions",
            Self::Open => "Apps",
            Self::Apps => "Permissions",
            Self::Profile => "Profile",
            Self::Password => "Password",
        }
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Sessions => "/account",
            Self::Open => "/apps",
            Self::Apps => "/account/apps",
            Self::Profile => "/account/profile",
            Self::Password => "/account/password",
        }
    }
}
