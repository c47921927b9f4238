//! The settings of an app, printed to be copied.

use super::outcome::{Outcome, say};
use super::table::facts;
use crate::pages::app_words::{self, SHOWN_ONCE};
use crate::protocol::client::Client;

/// What the app must be told, and the word on its secret.
pub(super) fn print_settings(issuer: &str, client: &Client, secret: Option<&str>) -> Outcome {
    let settings = app_words::settings(issuer, client, secret).into_iter();
    let lines: Vec<_> = settings
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    say(&facts(&lines))?;
    if secret.is_some() {
        println!();
        println!("{SHOWN_ONCE}");
    }
    Ok(())
}
