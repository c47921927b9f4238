//! `lanyard user set`, beside running servers.

use std::path::PathBuf;

use super::args::SetUser;
use super::beside::{ACTOR, person};
use super::load;
use super::outcome::{Failure, Outcome};
use super::table::plain;
use super::typed::refused;
use crate::clock::Timestamp;
use crate::identity::fields;
use crate::identity::rules::{self, FieldError};
use crate::provider::{Administered, Refusal};
use crate::store::record::{PersonEdit, Record};

pub(super) async fn run(file: Option<PathBuf>, record: &Record, options: SetUser) -> Outcome {
    let custom = load(file)?.claims;
    let user = person(record, "PERSON", &options.person).await?;
    let (names, given): (Vec<_>, Vec<_>) = options
        .fields
        .into_iter()
        .partition(|(field, _)| field == "username");
    let mut profile = user.profile.clone();
    let errors = fields::assign(&mut profile, &custom, &given);
    if !errors.is_empty() {
        return Err(wrong(&errors));
    }
    let username = match &names[..] {
        [] => user.username.clone(),
        [(_, name)] => name.trim().to_owned(),
        _ => {
            return Err(Failure::new(
                "username: is given twice; keep one of the two",
            ));
        }
    };
    let profile = rules::tidy(profile);
    let mut errors = rules::check(&username, &profile);
    errors.extend(rules::check_attributes(&profile.attributes, &custom));
    if !errors.is_empty() {
        return Err(wrong(&errors));
    }
    let edit = PersonEdit {
        id: user.id,
        version: user.updated,
        username,
        profile,
    };
    let done = record.update_user(&edit, &ACTOR).await?;
    Administered::<Timestamp>::from(done).map_err(|refusal: Refusal| refused(&refusal))?;
    println!(
        "Changed {}. Apps are told when they ask the next time.",
        plain(&edit.username)
    );
    Ok(())
}

fn wrong(errors: &[FieldError]) -> Failure {
    Failure::many(errors.iter().map(ToString::to_string).collect())
}
