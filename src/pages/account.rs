//! The frame around the pages of one's own account.

use super::parts::Notice;

/// What every account page shows.
#[derive(Clone)]
pub struct AccountFrame {
    /// Who is signed in.
    pub person: String,
    /// The anti-forgery token, of every form on the page.
    pub csrf: String,
    /// What has just been done.
    pub notice: Option<Notice>,
}
