//! `lanyard user create`.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use super::args::{CreateUser, UserCommand};
use super::outcome::{Failure, Outcome};
use super::{load, record};
use crate::clock::Clock;
use crate::entropy::{Entropy, UserId};
use crate::identity::password::{Hasher, Parameters};
use crate::identity::password_policy;
use crate::identity::user::{LoginKey, Profile, User};
use crate::store::record::UserCreation;

pub(super) async fn run(file: Option<PathBuf>, command: UserCommand) -> Outcome {
    match command {
        UserCommand::Create(options) => create(file, options).await,
    }
}

async fn create(file: Option<PathBuf>, options: CreateUser) -> Outcome {
    check_name("--username", &options.username)?;
    if let Some(email) = &options.email {
        check_name("--email", email)?;
        check_email(email)?;
    }
    let parameters = {
        let password = load(file.clone())?.password;
        Parameters {
            memory_kib: password.memory_kib,
            iterations: password.iterations,
            parallelism: password.parallelism,
        }
    };
    let password = zeroize::Zeroizing::new(read_password(options.password_stdin)?);
    password_policy::check(&password, &options.username, options.email.as_deref())
        .map_err(|weakness| Failure::new(weakness.message()))?;
    let hasher = Hasher::new(parameters, 1, &Entropy::System).map_err(Failure::new)?;
    let hash = hasher
        .hash(password.as_bytes(), &Entropy::System)
        .map_err(Failure::new)?;
    let now = Clock::System.now();
    let user = User {
        id: UserId::random(&Entropy::System),
        username: options.username.trim().to_owned(),
        profile: Profile {
            name: options.name,
            given_name: options.given_name,
            family_name: options.family_name,
            email: options.email.map(|email| email.trim().to_owned()),
            email_verified: false,
        },
        password: Some(hash),
        must_change_password: false,
        admin: options.admin,
        enabled: true,
        created: now,
        updated: now,
    };
    let record = record(file).await?;
    let created = record.insert_user(&user).await?;
    record.close().await;
    match created {
        UserCreation::Created => {
            println!(
                "Created {} with the id {}.",
                super::table::plain(&user.username),
                user.id
            );
            Ok(())
        }
        UserCreation::NameTaken => Err(Failure::new(
            "--username or --email: this name belongs to somebody already; choose another (capital \
             and small letters count as the same)",
        )),
    }
}

fn check_name(option: &str, name: &str) -> Result<(), Failure> {
    let key = LoginKey::new(name);
    if key.as_str().is_empty() {
        return Err(Failure::new(format!("{option}: this is empty")));
    }
    if name.len() > 254 {
        return Err(Failure::new(format!(
            "{option}: this is longer than 254 bytes"
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(Failure::new(format!(
            "{option}: this holds a control character"
        )));
    }
    Ok(())
}

/// Only what is surely wrong: whether an address works, its mailbox says.
fn check_email(email: &str) -> Outcome {
    let (local, domain) = email.trim().rsplit_once('@').unwrap_or_default();
    if local.is_empty() || domain.is_empty() || email.trim().contains(char::is_whitespace) {
        return Err(Failure::new(
            "--email: this is no mail address; write one such as alice@example.com",
        ));
    }
    Ok(())
}

fn read_password(from_stdin: bool) -> Result<String, Failure> {
    if from_stdin {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        let end = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(end);
        return Ok(line);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new(
            "there is no terminal to ask for the password on; add --password-stdin and send it \
             as the first line of standard input",
        ));
    }
    let first = rpassword::prompt_password("Password: ")?;
    let second = rpassword::prompt_password("The same again: ")?;
    if first == second {
        Ok(first)
    } else {
        Err(Failure::new(
            "the two passwords differ; nothing was changed",
        ))
    }
}
