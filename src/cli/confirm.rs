//! What cannot be undone is asked about first.

use std::io::{IsTerminal as _, Write as _};

use super::outcome::Failure;

/// Whether it was said already, or is said now.
pub(super) fn confirmed(already: bool, question: &str) -> Result<bool, Failure> {
    if already {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("there is no terminal to ask on; add --yes"));
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}
