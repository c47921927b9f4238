//! What is typed about people: passwords, and what is wrong with the rest.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use super::load;
use super::outcome::Failure;
use crate::entropy::Entropy;
use crate::identity::password::{Hasher, Parameters};
use crate::provider::Refusal;

/// A refusal in the words of this command: fields are options here.
pub(super) fn refused(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Fields(errors) => {
            let line = |field: &str| field.replace('_', "-");
            let lines = errors.iter().map(|error| {
                format!(
                    "--{}: {}; {}",
                    line(&error.field),
                    error.problem,
                    error.remedy
                )
            });
            Failure::many(lines.collect())
        }
        Refusal::WeakPassword(why) => Failure::new(why),
        other => Failure::new(other),
    }
}

/// As `lanyard serve` would hash it.
pub(super) fn hash(file: Option<PathBuf>, password: &str) -> Result<String, Failure> {
    let password_settings = load(file)?.password;
    let parameters = Parameters {
        memory_kib: password_settings.memory_kib,
        iterations: password_settings.iterations,
        parallelism: password_settings.parallelism,
    };
    let hasher = Hasher::new(parameters, 1, &Entropy::System).map_err(Failure::new)?;
    hasher
        .hash(password.as_bytes(), &Entropy::System)
        .map_err(Failure::new)
}

pub(super) fn read_password(from_stdin: bool) -> Result<String, Failure> {
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
