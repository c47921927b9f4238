//! `lanyard user`.

use clap::{Args, Subcommand};

/// What can be done with people.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Make a person who can sign in
    #[command(after_help = CREATE)]
    Create(CreateUser),
}

const CREATE: &str = "\
The password is asked for on the terminal, twice. There is no option for it: other
people on this machine could read it there. The person can sign in at once.

Examples:
  lanyard user create --username alice --email alice@example.com --name \"Alice Liddell\"
  lanyard user create --username alice --password-stdin < password.txt";

/// A person to make.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct CreateUser {
    /// The name to sign in with; capital and small letters count as the same
    #[arg(long, value_name = "NAME")]
    pub username: String,
    /// The mail address; it can be signed in with as well
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// The full name that apps are shown
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The given name
    #[arg(long, value_name = "NAME")]
    pub given_name: Option<String>,
    /// The family name
    #[arg(long, value_name = "NAME")]
    pub family_name: Option<String>,
    /// Mark this person as an administrator; no page asks for it yet
    #[arg(long)]
    pub admin: bool,
    /// Read the password from standard input: its first line
    #[arg(long)]
    pub password_stdin: bool,
}
