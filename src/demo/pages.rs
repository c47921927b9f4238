//! The app's pages. They tell the truth without a script; the script only saves a reload.

use std::fmt::Write as _;

use crate::clock::Timestamp;

use super::claim::{self, Claim, Source};
use super::html::Escaped;
use super::session::{Ended, EndedBy, Person};
use super::settings::Settings;

/// The page of someone who is signed in.
pub(super) fn signed_in(settings: &Settings, person: &Person) -> String {
    let (name, other) = (Escaped(&settings.name), Escaped(&settings.other.name));
    let (other_url, issuer) = (Escaped(&settings.other.url), Escaped(&settings.issuer));
    let header = format!(
        r#"<form class="line" method="post" action="/sign-out"><a class="button" href="{other_url}">Open {other}</a> <button id="sign-out">Sign out</button></form>"#
    );
    let main = format!(
        r#"<div class="tight" data-part="heading">
  <h1>Welcome to {name}, {who}</h1>
  <p class="soft">You didn’t type a password here: Lanyard told {name} who you are.</p>
</div>
<div role="status" data-part="status"><div class="notice ok">
  <strong class="state ok">Signed in</strong>
  <p class="small">Keep this page open and sign out in <a href="{other_url}">{other}</a> or on your <a href="{issuer}/account">Lanyard account page</a>. This page will tell you, without a reload.</p>
</div></div>
<div class="stack" data-part="body">{table}
<p class="small soft">{name} is one of two small apps that come with the Lanyard demo.</p></div>"#,
        who = Escaped(&person.name),
        table = table(&person.claims),
    );
    page(
        settings,
        &Parts {
            header: &header,
            main: &main,
            events: true,
        },
    )
}

/// The page of someone who is not signed in, or not any more.
pub(super) fn signed_out(settings: &Settings, ended: Option<&Ended>) -> String {
    let (name, other) = (Escaped(&settings.name), Escaped(&settings.other.name));
    let notice = ended.map_or_else(String::new, |ended| ended_notice(settings, ended));
    let main = format!(
        r#"<div class="tight" data-part="heading">
  <h1>You are signed out of {name}</h1>
  <p class="soft">Sign in once at Lanyard, and {name} and {other} both know you.</p>
</div>
{notice}<div class="stack" data-part="body">{SIGN_IN}</div>"#
    );
    page(
        settings,
        &Parts {
            header: &open_other(settings),
            main: &main,
            events: false,
        },
    )
}

/// Why a sign-in or sign-out did not go on.
pub(super) struct Problem<'a> {
    /// Whether something went wrong: what the person chose themselves is no failure.
    pub(super) failed: bool,
    pub(super) title: &'a str,
    pub(super) what_to_do: &'a str,
    /// Technical words, for the person who runs the demo.
    pub(super) detail: &'a str,
}

/// The page of something that went wrong.
pub(super) fn problem(settings: &Settings, problem: &Problem<'_>) -> String {
    let detail = if problem.detail.is_empty() {
        String::new()
    } else {
        format!(
            r#"<p class="small"><code>{}</code></p>"#,
            Escaped(problem.detail)
        )
    };
    let main = format!(
        r#"<div class="tight" data-part="heading"><h1>{title}</h1></div>
<div role="status" data-part="status"><div class="notice {tone}">
  <strong class="state {tone}">{what_to_do}</strong>
  {detail}
</div></div>
<div class="stack" data-part="body">{SIGN_IN}</div>"#,
        tone = if problem.failed { "bad" } else { "off" },
        title = Escaped(problem.title),
        what_to_do = Escaped(problem.what_to_do),
    );
    page(
        settings,
        &Parts {
            header: &open_other(settings),
            main: &main,
            events: false,
        },
    )
}

const SIGN_IN: &str = r#"<form method="get" action="/sign-in"><div><button class="primary" id="sign-in">Sign in with Lanyard</button></div></form>"#;

fn open_other(settings: &Settings) -> String {
    let (url, name) = (Escaped(&settings.other.url), Escaped(&settings.other.name));
    format!(r#"<a class="button" href="{url}">Open {name}</a>"#)
}

fn ended_notice(settings: &Settings, ended: &Ended) -> String {
    let name = Escaped(&settings.name);
    let at = time(ended.at);
    let sid = ended.sid.as_deref().map_or_else(
        || "all of yours".to_owned(),
        |sid| format!("session <code>{}</code>", Escaped(sid)),
    );
    let (tone, title, words) = match ended.by {
        EndedBy::Here => (
            "off",
            format!("You signed out here at {at}"),
            format!("{name} dropped {sid}, then sent you to Lanyard to end it there too."),
        ),
        EndedBy::BackChannel => (
            "wait",
            format!("Lanyard ended your session at {at}"),
            format!(
                "You signed out elsewhere, or an administrator ended your session, so {name} let \
                 go of you too. The logout token named {sid}."
            ),
        ),
        EndedBy::FrontChannel => (
            "wait",
            format!("Lanyard ended your session at {at}"),
            format!("You signed out in this browser. Lanyard’s sign-out page named {sid}."),
        ),
    };
    format!(
        r#"<div role="status" data-part="status"><div class="notice {tone}">
  <strong class="state {tone}">{title}</strong>
  <p class="small">{words}</p>
</div></div>
"#
    )
}

/// A time of day; the words around a tag of its own would fall apart in a flex box.
fn time(at: Timestamp) -> String {
    claim::local(at, "%T")
}

fn table(claims: &[Claim]) -> String {
    let mut rows = String::new();
    for claim in claims {
        let source = match claim.source {
            Source::IdToken => "ID token",
            Source::Userinfo => "Userinfo",
        };
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            r#"
      <tr><th scope="row"><code>{}</code></th><td>{}</td><td data-label="From">{source}</td></tr>"#,
            Escaped(&claim.name),
            Escaped(&claim.value),
        );
    }
    format!(
        r#"<section class="card flush">
  <h2>What Lanyard says about you</h2>
  <table class="rows">
    <caption class="hidden">Claims in the ID token and from the userinfo endpoint</caption>
    <thead><tr><th scope="col">Claim</th><th scope="col">Value</th><th scope="col">From</th></tr></thead>
    <tbody>{rows}
    </tbody>
  </table>
</section>"#
    )
}

struct Parts<'a> {
    header: &'a str,
    main: &'a str,
    /// Whether the page listens for the end of its session.
    events: bool,
}

fn page(settings: &Settings, parts: &Parts<'_>) -> String {
    let name = Escaped(&settings.name);
    let events = if parts.events {
        r#" data-events="/events""#
    } else {
        ""
    };
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name} – demo app</title>
<link rel="icon" href="/static/app.svg">
<link rel="stylesheet" href="/static/lanyard.css">
<script src="/static/demo.js" defer></script>
</head>
<body class="home demo">
<header class="line apart">
  <span class="brand"><img class="app" src="/static/app.svg" alt="" width="40" height="40"> {name}</span>
  <div data-part="header">{header}</div>
</header>
<main class="stack"{events}>
{main}
</main>
</body>
</html>
"#,
        header = parts.header,
        main = parts.main,
    )
}
