//! `lanyard user`.

use clap::{Args, Subcommand};

/// What can be done with people.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Make a person who can sign in
    #[command(after_help = CREATE)]
    Create(CreateUser),
    /// List people, by username
    #[command(after_help = LIST)]
    List(ListUsers),
    /// Show one person
    Show(ShowUser),
    /// Keep a person out, and end all their sessions and grants
    #[command(after_help = DISABLE)]
    Disable(ChangeUser),
    /// Let a person in again
    Enable(EnableUser),
    /// Delete a person with their personal data, and end all their sessions and grants
    #[command(after_help = DELETE)]
    Delete(ChangeUser),
    /// Set a person's password, and end all their sessions and grants
    #[command(after_help = SET_PASSWORD)]
    SetPassword(SetPassword),
    /// Set what apps may be told of a person: names, addresses, groups, roles and the like
    #[command(after_help = SET)]
    Set(SetUser),
    /// Make a person an administrator, or take that back
    SetAdmin(SetAdmin),
}

const CREATE: &str = "\
The password is asked for on the terminal, twice. There is no option for it: other
people on this machine could read it there. The person can sign in at once; with
--temporary they choose one of their own then.

Examples:
  lanyard user create --username alice --email alice@example.com --name \"Alice Liddell\"
  lanyard user create --username alice --temporary --password-stdin < password.txt";

const LIST: &str = "\
Examples:
  lanyard user list --search example.com
  lanyard user list --disabled --json";

const DISABLE: &str = "\
A running server refuses the person within half a second and tells the apps; without
one they are told when it starts. The last enabled administrator stays.

Example:
  lanyard user disable alice --yes";

const DELETE: &str = "\
Username, email address, claims, password and consents are removed; the names are free
for others. What stays is the person's id (the sub that apps know, which nobody else
ever gets) with ended sessions and the audit. This cannot be undone.";

const SET_PASSWORD: &str = "\
The password is asked for on the terminal, twice, or read from standard input.

Examples:
  lanyard user set-password alice
  lanyard user set-password alice --temporary --password-stdin < password.txt";

const SET: &str = "\
Fields: username, email, email_verified, name, given_name, family_name, middle_name,
nickname, profile, picture, website, gender, birthdate, zoneinfo, locale, phone_number,
phone_number_verified, street_address, locality, region, postal_code, country, formatted
(the whole address), groups, roles; and the attributes that the configuration declares by
[[claims]]. Groups and roles are what all their values are together. An empty value takes
away what is there. A new email address or phone number isn't verified unless it is said.

Examples:
  lanyard user set alice \"name=Alice Liddell\" \"phone_number=+44 20 7946 0000\"
  lanyard user set alice groups=staff groups=editors roles=
  lanyard user set alice department=Sales email_verified=true";

/// What to set of whom.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct SetUser {
    /// Username, mail address, or id
    #[arg(value_name = "PERSON")]
    pub person: String,
    /// A field and its new value
    #[arg(value_name = "FIELD=VALUE", required = true, value_parser = assignment)]
    pub fields: Vec<(String, String)>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write FIELD=VALUE, such as \"name=Alice Liddell\"")?;
    Ok((name.to_owned(), value.to_owned()))
}

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
    /// Make this person an administrator
    #[arg(long)]
    pub admin: bool,
    /// The password must be changed at the first sign-in
    #[arg(long)]
    pub temporary: bool,
    /// Read the password from standard input: its first line
    #[arg(long)]
    pub password_stdin: bool,
}

/// Which people to list.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch that can be typed"
)]
pub struct ListUsers {
    /// Only those whose username, names or mail address hold this
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only those who are enabled
    #[arg(long, conflicts_with = "disabled")]
    pub enabled: bool,
    /// Only those who are disabled
    #[arg(long)]
    pub disabled: bool,
    /// Only administrators
    #[arg(long)]
    pub admins: bool,
    /// At most so many
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub limit: u32,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Whom to show.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ShowUser {
    /// Username, mail address, or id
    #[arg(value_name = "PERSON")]
    pub person: String,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Whom to let in.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct EnableUser {
    /// Username, mail address, or id
    #[arg(value_name = "PERSON")]
    pub person: String,
}

/// Whom to keep out.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct ChangeUser {
    /// Username, mail address, or id
    #[arg(value_name = "PERSON")]
    pub person: String,
    /// Do not ask first
    #[arg(long)]
    pub yes: bool,
}

/// Whose password to set.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct SetPassword {
    /// Username, mail address, or id
    #[arg(value_name = "PERSON")]
    pub person: String,
    /// It must be changed at the next sign-in
    #[arg(long)]
    pub temporary: bool,
    /// Read the password from standard input: its first line
    #[arg(long)]
    pub password_stdin: bool,
}

/// Whom to make an administrator.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct SetAdmin {
    /// Username, mail address, or id
    #[arg(value_name = "PERSON")]
    pub person: String,
    /// Take it back
    #[arg(long)]
    pub remove: bool,
}
