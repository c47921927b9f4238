//! `lanyard audit`.

use clap::Args;

/// Which lines of the audit to print.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct AuditOptions {
    /// Go on printing lines as they come, until Ctrl-C
    #[arg(long)]
    pub follow: bool,
    /// Only since a time (2026-03-12T14:00:00Z), or so long ago (2h)
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only this action, such as person.disable
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Only by this actor: person:ID, client:ID, or another word of the list
    #[arg(long, value_name = "ACTOR")]
    pub actor: Option<String>,
    /// At most so many: the newest
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(0..=100_000)
    )]
    pub limit: u32,
    /// Answer in JSON: one object on each line
    #[arg(long)]
    pub json: bool,
}
