//! `lanyard user disable`, `enable`, `delete`, `set-password` and `set-admin`, beside running
//! servers.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::args::{ChangeUser, EnableUser, SetAdmin, SetPassword, UserCommand};
use super::beside::{self, ACTOR, EndedHere, all_of, person};
use super::confirm::confirmed;
use super::outcome::{Failure, Outcome};
use super::record;
use super::table::plain;
use super::typed::{hash, read_password, refused};
use super::user_set;
use crate::identity::password_policy;
use crate::identity::user::User;
use crate::provider::{Administered, Refusal};
use crate::session::ending::Reason;
use crate::store::record::{PersonChange, Record};

pub(super) async fn run(file: Option<PathBuf>, command: UserCommand) -> Outcome {
    let record = record(file.clone()).await?;
    let outcome = match command {
        UserCommand::Disable(options) => disable(&record, options).await,
        UserCommand::Enable(options) => enable(&record, options).await,
        UserCommand::Delete(options) => delete(&record, options).await,
        UserCommand::SetPassword(options) => set_password(file, &record, options).await,
        UserCommand::Set(options) => user_set::run(file, &record, options).await,
        UserCommand::SetAdmin(options) => set_admin(&record, options).await,
        UserCommand::Create(_) | UserCommand::List(_) | UserCommand::Show(_) => {
            Err(Failure::new("this changes nobody"))
        }
    };
    record.close().await;
    outcome
}

fn done(change: PersonChange) -> Outcome {
    Administered::<()>::from(change).map_err(|refusal: Refusal| refused(&refusal))
}

/// Ends what a person has, who can begin nothing new, and says so.
async fn end(record: &Record, user: &User, reason: Reason) -> Result<EndedHere, Failure> {
    Ok(beside::revoke(record, &all_of(user.id.clone()), reason).await?)
}

fn say_ended(done: &str, user: &User, ended: EndedHere) {
    println!(
        "{done} {}. Ended {}; {} to be told.",
        plain(&user.username),
        beside::sessions(ended.sessions),
        beside::apps(ended.notices)
    );
}

async fn disable(record: &Record, options: ChangeUser) -> Outcome {
    let user = person(record, "PERSON", &options.person).await?;
    let name = plain(&user.username);
    let question = format!("Disable {name}, and end all their sessions?");
    if !confirmed(options.yes, &question)? {
        println!("Nothing was changed.");
        return Ok(());
    }
    done(record.set_enabled(&user.id, false, &ACTOR).await?)?;
    let ended = end(record, &user, Reason::Disabled).await?;
    say_ended("Disabled", &user, ended);
    Ok(())
}

async fn enable(record: &Record, options: EnableUser) -> Outcome {
    let user = person(record, "PERSON", &options.person).await?;
    if !user.enabled {
        // Should whoever disabled them not have come to that: it must not come back to life.
        end(record, &user, Reason::Disabled).await?;
    }
    done(record.set_enabled(&user.id, true, &ACTOR).await?)?;
    println!("{} can sign in.", plain(&user.username));
    Ok(())
}

async fn delete(record: &Record, options: ChangeUser) -> Outcome {
    let user = person(record, "PERSON", &options.person).await?;
    let name = plain(&user.username);
    let question = format!("Delete {name} for good, and end all their sessions?");
    if !confirmed(options.yes, &question)? {
        println!("Nothing was changed.");
        return Ok(());
    }
    done(record.delete_user(&user.id, &ACTOR).await?)?;
    let ended = end(record, &user, Reason::Disabled).await?;
    say_ended("Deleted", &user, ended);
    Ok(())
}

async fn set_password(file: Option<PathBuf>, record: &Record, options: SetPassword) -> Outcome {
    let user = person(record, "PERSON", &options.person).await?;
    let password = Zeroizing::new(read_password(options.password_stdin)?);
    password_policy::check(&password, &user.username, user.profile.email.as_deref())
        .map_err(|weakness| Failure::new(weakness.message()))?;
    let hash = hash(file, &password)?;
    let temporary = options.temporary;
    done(
        record
            .set_password(&user.id, &hash, temporary, &ACTOR)
            .await?,
    )?;
    let ended = end(record, &user, Reason::CredentialChange).await?;
    say_ended("Set the password of", &user, ended);
    if temporary {
        println!("It must be changed at the next sign-in.");
    }
    Ok(())
}

async fn set_admin(record: &Record, options: SetAdmin) -> Outcome {
    let user = person(record, "PERSON", &options.person).await?;
    done(record.set_admin(&user.id, !options.remove, &ACTOR).await?)?;
    let name = plain(&user.username);
    if options.remove {
        println!("{name} is no administrator any more.");
    } else {
        println!("{name} is an administrator.");
    }
    Ok(())
}
