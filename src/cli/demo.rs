//! `lanyard demo`: a provider, two apps and two people on this machine, to see it work.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::args::Demo;
use super::outcome::{Failure, Outcome};
use super::serve::StopSignals;
use crate::app::{self, Running, StartError};
use crate::clock::Clock;
use crate::config::{self, Config, Source};
use crate::demo::{Listeners, Neighbour, RelyingParty, SHOP_LOGO, Settings, WIKI_LOGO};
use crate::entropy::{ClientId, Entropy, SecretHash, UserId};
use crate::identity::user::{LoginKey, Profile, User};
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::client_metadata;
use crate::store::record::UserCreation;
use crate::telemetry;

const PORTS: &str = "Stop the other program, or move the demo: \
                     lanyard demo --port 9080 --wiki-port 9081 --shop-port 9082";

/// The people of the demo; they exist nowhere else.
const PEOPLE: [Person; 2] = [
    Person {
        username: "alice",
        password: "alice-demo",
        name: "Alice Moreau",
        email: "alice.moreau@example.com",
        admin: false,
    },
    Person {
        username: "admin",
        password: "admin-demo",
        name: "Ada Minh",
        email: "admin@example.com",
        admin: true,
    },
];

struct Person {
    username: &'static str,
    password: &'static str,
    name: &'static str,
    email: &'static str,
    admin: bool,
}

struct AppPlan {
    id: &'static str,
    name: &'static str,
    port: u16,
    logo: &'static str,
}

pub(super) async fn run(options: Demo) -> Outcome {
    let started = Instant::now();
    let mut signals = StopSignals::listen()?;
    let (folder, _temporary) = folder(options.data.as_deref())?;
    let config = configuration(&options, &folder)?;
    telemetry::init(&config.log);
    let plans = [
        AppPlan {
            id: "wiki",
            name: "Wiki",
            port: options.wiki_port,
            logo: WIKI_LOGO,
        },
        AppPlan {
            id: "shop",
            name: "Shop",
            port: options.shop_port,
            logo: SHOP_LOGO,
        },
    ];
    let listeners = [bind_app(&plans[0])?, bind_app(&plans[1])?];
    let running = app::start(&config, Clock::System, Entropy::System)
        .await
        .map_err(|error| explain(error, &options))?;
    for person in &PEOPLE {
        add(&running, person).await?;
    }
    let mut apps = Vec::new();
    let [wiki, shop] = listeners;
    for (plan, other, listeners) in [(&plans[0], &plans[1], wiki), (&plans[1], &plans[0], shop)] {
        let settings = register(&running, &config, plan, other).await?;
        apps.push(RelyingParty::start(listeners, settings)?);
    }
    print_tour(&config, &plans, &folder, started);
    signals.heard().await;
    println!("\nStopping the demo.");
    let stopping = async {
        for app in apps {
            app.stop().await?;
        }
        running.stop().await;
        Outcome::Ok(())
    };
    tokio::select! {
        stopped = stopping => stopped,
        () = signals.heard() => Ok(()),
    }
}

/// The data folder; a temporary one is removed when it is dropped.
fn folder(given: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    if let Some(given) = given {
        return Ok((given.to_owned(), None));
    }
    let temporary = tempfile::Builder::new().prefix("lanyard-demo-").tempdir()?;
    Ok((temporary.path().to_owned(), Some(temporary)))
}

fn configuration(options: &Demo, folder: &Path) -> Result<Config, Failure> {
    let set = |name: &str, value: String| (format!("LANYARD__{name}"), value);
    let environment = vec![
        set("ISSUER", format!("http://localhost:{}", options.port)),
        set("SERVER__LISTEN", format!("127.0.0.1:{}", options.port)),
        set("DATA", folder.display().to_string()),
        set("LOG__LEVEL", "warn".to_owned()),
        set("METRICS__LISTEN", "off".to_owned()),
    ];
    config::load(Source {
        file: None,
        environment,
    })
    .map_err(|errors| Failure::many(errors.iter().map(ToString::to_string).collect()))
}

fn bind_app(plan: &AppPlan) -> Result<Listeners, Failure> {
    Listeners::bind(plan.port).map_err(|error| {
        Failure::new(format!(
            "port {} for {} is taken: {error}. {PORTS}",
            plan.port, plan.name
        ))
    })
}

fn explain(error: StartError, options: &Demo) -> Failure {
    match error {
        StartError::Taken { error, .. } => Failure::new(format!(
            "port {} for the provider is taken: {error}. {PORTS}",
            options.port
        )),
        error => Failure::from(error),
    }
}

async fn add(running: &Running, person: &Person) -> Outcome {
    let record = running.provider.record();
    if record
        .user_by_login(&LoginKey::new(person.username))
        .await?
        .is_some()
    {
        return Ok(());
    }
    let hash = running
        .provider
        .hash_password(person.password.to_owned())
        .await
        .map_err(Failure::new)?;
    let now = Clock::System.now();
    let (given, family) = person.name.split_once(' ').unwrap_or((person.name, ""));
    let user = User {
        id: UserId::random(&Entropy::System),
        username: person.username.to_owned(),
        profile: Profile {
            name: Some(person.name.to_owned()),
            given_name: Some(given.to_owned()),
            family_name: Some(family.to_owned()),
            email: Some(person.email.to_owned()),
            email_verified: true,
            ..Profile::default()
        },
        password: Some(hash),
        must_change_password: false,
        admin: person.admin,
        enabled: true,
        created: now,
        updated: now,
    };
    match record.insert_user(&user).await? {
        UserCreation::Created | UserCreation::NameTaken => Ok(()),
    }
}

/// Registers an app anew at each start: its secret lives in this process only.
async fn register(
    running: &Running,
    config: &Config,
    plan: &AppPlan,
    other: &AppPlan,
) -> Result<Settings, Failure> {
    let origin = |plan: &AppPlan| format!("http://{}.localhost:{}", plan.id, plan.port);
    let secret = Entropy::System.alphanumeric(43);
    let settings = Settings {
        name: plan.name.to_owned(),
        origin: origin(plan),
        issuer: config.issuer.as_str().to_owned(),
        client_id: plan.id.to_owned(),
        client_secret: secret.clone(),
        post_logout_redirect_uri: format!("{}/", origin(plan)),
        other: Neighbour {
            name: other.name.to_owned(),
            url: format!("{}/", origin(other)),
        },
        logo: plan.logo,
        clock: Clock::System,
    };
    let client = client(&settings, plan, &secret)?;
    running.provider.record().upsert_client(&client).await?;
    Ok(settings)
}

fn client(settings: &Settings, plan: &AppPlan, secret: &str) -> Result<Client, Failure> {
    let metadata = serde_json::json!({
        "client_name": plan.name,
        "redirect_uris": [settings.redirect_uri()],
        "post_logout_redirect_uris": [settings.post_logout_redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "backchannel_logout_uri": settings.backchannel_logout_uri(),
        "client_uri": format!("{}/", settings.origin),
        "logo_uri": format!("{}/static/app.svg", settings.origin),
        "first_party": true,
    });
    let mut client =
        client_metadata::parse(&metadata, ClientId::new(plan.id)).map_err(Failure::new)?;
    client.secret_hash = Some(SecretHash::of_text(secret));
    client.registered_by = RegisteredBy::Administrator;
    Ok(client)
}

fn print_tour(config: &Config, plans: &[AppPlan; 2], folder: &Path, started: Instant) {
    let [wiki, shop] = plans;
    println!(
        "Lanyard's demo is running (ready after {} ms).",
        started.elapsed().as_millis()
    );
    println!();
    println!("  {:<9}{}", "Provider", config.issuer);
    for plan in plans {
        println!(
            "  {:<9}http://{}.localhost:{}",
            plan.name, plan.id, plan.port
        );
    }
    println!();
    println!(
        "  People   {:<7}password {}",
        PEOPLE[0].username, PEOPLE[0].password
    );
    println!(
        "           {:<7}password {}",
        PEOPLE[1].username, PEOPLE[1].password
    );
    println!();
    println!("A short tour:");
    println!(
        "  1. Open http://wiki.localhost:{} and sign in as alice.",
        wiki.port
    );
    println!(
        "  2. Open http://shop.localhost:{} and sign in: no password is asked.",
        shop.port
    );
    println!("  3. Keep the Wiki open, and sign out in the Shop: the Wiki says so by itself.");
    println!(
        "  4. See all your sessions, and end them, at {}/account.",
        config.issuer
    );
    println!(
        "  5. In a second browser sign in as admin at {}/admin, and end the sessions of others.",
        config.issuer
    );
    println!();
    println!("Data: {}. Press Ctrl-C to stop.", folder.display());
}
