//! `lanyard session`.

use clap::{ArgGroup, Args, Subcommand};

/// What can be done with sessions.
#[derive(Clone, Debug, Subcommand)]
pub enum SessionCommand {
    /// List sessions, the latest first
    #[command(after_help = LIST)]
    List(ListSessions),
    /// End a session, all of a person, all of an app, or all there are
    #[command(after_help = END)]
    End(EndSession),
}

const LIST: &str = "\
Examples:
  lanyard session list
  lanyard session list --user alice --all
  lanyard session list --client wiki --json";

const END: &str = "\
A running server refuses the session within half a second and tells the apps in it;
without one they are told when it starts. `lanyard session list` shows the references.

Examples:
  lanyard session end 7QK4-M2XD-HPLA
  lanyard session end --user alice --revoke --yes
  lanyard session end --client wiki --dry-run
  lanyard session end --everybody --revoke";

/// Which sessions to list.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ListSessions {
    /// Only those of this person
    #[arg(long, value_name = "USERNAME")]
    pub user: Option<String>,
    /// Only those that this client is part of
    #[arg(long, value_name = "CLIENT_ID")]
    pub client: Option<String>,
    /// Also those that have ended
    #[arg(long)]
    pub all: bool,
    /// At most so many
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    pub limit: u32,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// What to end.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(group = ArgGroup::new("which").required(true))]
pub struct EndSession {
    /// The reference of one session
    #[arg(value_name = "REFERENCE", group = "which")]
    pub reference: Option<String>,
    /// All sessions of this person
    #[arg(long, value_name = "USERNAME", group = "which")]
    pub user: Option<String>,
    /// Everybody's sign-in at this client; the sessions go on elsewhere
    #[arg(long, value_name = "CLIENT_ID", group = "which")]
    pub client: Option<String>,
    /// Every session
    #[arg(long, group = "which")]
    pub everybody: bool,
    /// How
    #[command(flatten)]
    pub how: HowToEnd,
}

/// How to end it.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub struct HowToEnd {
    /// Only count what would end
    #[arg(long)]
    pub dry_run: bool,
    /// Also end the offline access that was allowed in them
    #[arg(long)]
    pub revoke: bool,
    /// Do not ask first
    #[arg(long)]
    pub yes: bool,
}
