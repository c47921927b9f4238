//! `lanyard user create`, `list` and `show`. What changes people is in `user_changes`.

use std::path::PathBuf;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::args::{CreateUser, ListUsers, ShowUser, UserCommand};
use super::beside::{ACTOR, person};
use super::outcome::{Failure, Outcome, say};
use super::table::{facts, plain, table};
use super::typed::{hash, read_password, refused};
use super::{record, user_changes};
use crate::clock::{Clock, Timestamp};
use crate::entropy::Entropy;
use crate::identity::user::{Profile, User};
use crate::pages::time;
use crate::provider::NewPerson;
use crate::store::record::{Enabled, Record, UserCreation, UserFilter, UserRow};

pub(super) async fn run(file: Option<PathBuf>, command: UserCommand) -> Outcome {
    match command {
        UserCommand::Create(options) => create(file, options).await,
        UserCommand::List(options) => {
            let record = record(file).await?;
            let outcome = list(&record, options).await;
            record.close().await;
            outcome
        }
        UserCommand::Show(options) => {
            let record = record(file).await?;
            let outcome = show(&record, options).await;
            record.close().await;
            outcome
        }
        change => user_changes::run(file, change).await,
    }
}

async fn create(file: Option<PathBuf>, options: CreateUser) -> Outcome {
    let new = NewPerson {
        username: options.username,
        profile: Profile {
            name: options.name,
            given_name: options.given_name,
            family_name: options.family_name,
            email: options.email,
            ..Profile::default()
        },
        password: None,
        temporary: options.temporary,
        admin: options.admin,
    };
    // Before the password is asked for: nobody types one in vain.
    let mut new = new.judged().map_err(|refusal| refused(&refusal))?;
    new.password = Some(read_password(options.password_stdin)?);
    let mut new = new.judged().map_err(|refusal| refused(&refusal))?;
    let password = Zeroizing::new(new.password.take().unwrap_or_default());
    let hash = hash(file.clone(), &password)?;
    let user = new.account(Some(hash), &Entropy::System, Clock::System.now());
    let record = record(file).await?;
    let created = record.create_user(&user, &ACTOR).await?;
    record.close().await;
    match created {
        UserCreation::Created => {
            println!("Created {} with the id {}.", plain(&user.username), user.id);
            Ok(())
        }
        UserCreation::NameTaken => Err(Failure::new(
            "--username or --email: this name belongs to somebody already; choose another (capital \
             and small letters count as the same)",
        )),
    }
}

async fn list(record: &Record, options: ListUsers) -> Outcome {
    let filter = UserFilter {
        search: options.search,
        enabled: match (options.enabled, options.disabled) {
            (true, _) => Enabled::Yes,
            (_, true) => Enabled::No,
            _ => Enabled::Either,
        },
        admins_only: options.admins,
        after: None,
        limit: options.limit,
    };
    let page = record.list_users(&filter).await?;
    if options.json {
        let all: Vec<Value> = page.rows.iter().map(as_json).collect();
        return say(&format!("{}\n", serde_json::to_string_pretty(&all)?));
    }
    if page.rows.is_empty() {
        println!("Nobody matches. `lanyard user create --help` shows how to make a person.");
        return Ok(());
    }
    let now = Clock::System.now();
    let lines: Vec<Vec<String>> = page.rows.iter().map(|row| line(row, now)).collect();
    let head = ["USERNAME", "NAME", "EMAIL", "ROLE", "SIGNED IN", "STATE"];
    say(&table(&head, &lines))?;
    if page.next.is_some() {
        eprintln!("There are more; add --limit or --search.");
    }
    Ok(())
}

fn line(row: &UserRow, now: Timestamp) -> Vec<String> {
    let UserRow {
        user,
        last_signed_in,
    } = row;
    let text = |value: &Option<String>| plain(value.as_deref().unwrap_or_default());
    vec![
        plain(&user.username),
        text(&user.profile.name),
        text(&user.profile.email),
        if user.admin { "administrator" } else { "" }.to_owned(),
        last_signed_in.map_or_else(|| "never".to_owned(), |at| time::ago(now, at)),
        state(user).to_owned(),
    ]
}

const fn state(user: &User) -> &'static str {
    match (user.enabled, user.must_change_password) {
        (false, _) => "disabled",
        (true, true) => "must change password",
        (true, false) => "enabled",
    }
}

fn as_json(row: &UserRow) -> Value {
    let UserRow {
        user,
        last_signed_in,
    } = row;
    let mut person = json!({
        "sub": user.id,
        "username": user.username,
        "admin": user.admin,
        "enabled": user.enabled,
        "has_password": user.password.is_some(),
        "must_change_password": user.must_change_password,
        "created": user.created.as_millis(),
        "updated": user.updated.as_millis(),
        "last_signed_in": last_signed_in.map(Timestamp::as_millis),
    });
    if let Some(members) = person.as_object_mut() {
        let profile = serde_json::to_value(&user.profile).unwrap_or_default();
        members.insert("claims".to_owned(), profile);
    }
    person
}

async fn show(record: &Record, options: ShowUser) -> Outcome {
    let user = person(record, "PERSON", &options.person).await?;
    let last_signed_in = record.last_signed_in(&user.id).await?;
    let row = UserRow {
        user,
        last_signed_in,
    };
    if options.json {
        let text = serde_json::to_string_pretty(&as_json(&row))?;
        return say(&format!("{text}\n"));
    }
    let user = &row.user;
    let stamp = |at| time::stamp(at).text;
    let mut lines = vec![
        ("username".to_owned(), plain(&user.username)),
        ("id (sub)".to_owned(), user.id.to_string()),
        ("state".to_owned(), state(user).to_owned()),
        (
            "role".to_owned(),
            if user.admin { "administrator" } else { "none" }.to_owned(),
        ),
        ("created".to_owned(), stamp(user.created)),
        (
            "signed in".to_owned(),
            last_signed_in.map_or_else(|| "never".to_owned(), stamp),
        ),
    ];
    let claims = serde_json::to_value(&user.profile)?;
    for (name, value) in claims.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), plain);
        lines.push((name.clone(), text));
    }
    let live = record.sessions_of(&user.id, Clock::System.now()).await?;
    lines.push(("live sessions".to_owned(), live.len().to_string()));
    say(&facts(&lines))
}
