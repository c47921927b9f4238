//! Ends of very many sessions: first a dry run, then the end, then how far it is.

use actix_web::http::StatusCode;
use url::form_urlencoded::Serializer;

use super::links;
use super::route::{Answer, Call, nothing_here};
use super::session_ends::{NOTE, note};
use super::session_filter::Filter;
use crate::entropy::ClientId;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::mass_end::{MassDone, MassLine, MassLines};
use crate::pages::admin::mass_plan::{MassPlanPage, What};
use crate::pages::parts::{Link, Notice, Tone, counted};
use crate::pages::time;
use crate::provider::{CarriedOut, MassPlan, Provider};
use crate::session::question::SessionState;
use crate::store::record::{MassEnd, MassScope, SessionQuestion};

/// Longer than any id of an app.
const ID: usize = 512;

/// Where the dry run of what a list shows is.
pub(super) fn plan_of(filter: &Filter) -> Option<Link> {
    let what = if filter.narrows() {
        "matching"
    } else {
        "everything"
    };
    let query = filter.query(None);
    let more = if query.is_empty() { "" } else { "&" };
    let ends = filter.state == SessionState::Live;
    ends.then(|| Link::new(&format!("/admin/ends/plan?what={what}{more}{query}")))
        .flatten()
}

/// Where the dry run of all that an app has is.
pub(super) fn plan_of_app(id: &ClientId) -> Option<Link> {
    let pairs = [("what", "app"), ("app", id.as_str())];
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    Link::new(&format!("/admin/ends/plan?{query}"))
}

/// What a dry run is of, and where it came from.
struct Asked {
    scope: MassScope,
    what: What,
    back: Option<Link>,
}

/// `GET /admin/ends/plan`: ends nothing.
pub(super) async fn plan(call: Call) -> Answer {
    match asked(&call).await? {
        Some(asked) => dry_run(&call, asked, None).await,
        None => Ok(nothing_here()),
    }
}

async fn asked(call: &Call) -> Result<Option<Asked>, PageTrouble> {
    let provider = &call.state.provider;
    Ok(match call.query.get("what") {
        Some("everything") => Some(Asked {
            scope: MassScope::Everything,
            what: What::Everything,
            back: Link::new("/admin/sessions"),
        }),
        Some("app") => {
            let id = call.query.get("app").unwrap_or_default();
            let possible = id.len() <= ID && !id.chars().any(char::is_control);
            let id = ClientId::new(if possible { id } else { "" });
            let apps = provider.app_names().await?;
            let app = apps.into_iter().find(|(known, _)| *known == id);
            app.map(|(id, name)| Asked {
                back: links::app(&id),
                scope: MassScope::Client(id),
                what: What::App(name),
            })
        }
        Some("matching") => {
            let filter = Filter::read(&call.query);
            // A condition that was not understood must not widen what ends.
            let clear = filter.problems.is_empty() && filter.narrows();
            let question = SessionQuestion {
                state: SessionState::Live,
                ..filter.question(provider.clock().now())
            };
            clear.then(|| Asked {
                scope: MassScope::Question(Box::new(question)),
                what: What::Matching,
                back: filter.link(None),
            })
        }
        _ => None,
    })
}

async fn dry_run(call: &Call, asked: Asked, problem: Option<&'static str>) -> Answer {
    let spares_own = call.query.get("own") != Some("ends");
    let provider = &call.state.provider;
    let plan = provider
        .plan_mass_end(&call.administrator, asked.scope, spares_own)
        .await?;
    let Some(page) = page(call, plan, (asked.what, asked.back), problem) else {
        return Ok(respond::malformed());
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

fn page(
    call: &Call,
    plan: MassPlan,
    (what, back): (What, Option<Link>),
    problem: Option<&'static str>,
) -> Option<MassPlanPage> {
    let counts = plan.counts;
    let sessions = counted(counts.sessions, "session", "sessions");
    Some(MassPlanPage {
        frame: call.frame(Section::Sessions, None),
        what,
        nothing: counts.sessions == 0,
        unclear: counts.unclear,
        sessions,
        people: counted(counts.people, "person", "people"),
        apps: counted(counts.apps, "app", "apps"),
        notices: counted(counts.notices, "notice", "notices"),
        untold: (counts.untold > 0).then(|| counted(counts.untold, "part", "parts")),
        spares_own: plan.spares_own,
        other: other_choice(call, plan.spares_own),
        plan: plan.plan,
        at: time::moment(plan.at),
        problem,
        back: back?,
    })
}

/// The same dry run with the other answer for the administrator's own session.
fn other_choice(call: &Call, spares_own: bool) -> Option<Link> {
    let mut query = Serializer::new(String::new());
    for (name, value) in call.query.iter().filter(|(name, _)| *name != "own") {
        query.append_pair(name, value);
    }
    if spares_own {
        query.append_pair("own", "ends");
    }
    Link::new(&format!("/admin/ends/plan?{}", query.finish()))
}

/// `POST /admin/ends`.
pub(super) async fn carry_out(call: Call) -> Answer {
    let note = note(&call);
    if note.chars().count() > NOTE {
        let problem = "The reason is longer than 200 characters. Go back and shorten it; nothing \
                       was ended.";
        return listed(&call, Some(notice("The reason is too long", problem))).await;
    }
    let words = (!note.is_empty()).then_some(note.as_str());
    let plan = call.form.get("plan").unwrap_or_default();
    let provider = &call.state.provider;
    match provider.carry_out(&call.administrator, plan, words).await? {
        CarriedOut::Begun(id) => Ok(respond::see_other(&links::mass_end(&id))),
        CarriedOut::Void => {
            let text = "Nothing was ended. What was counted is more than 10 minutes old, or was \
                        counted in another session: count again.";
            listed(&call, Some(notice("This plan is no longer good", text))).await
        }
    }
}

fn notice(title: &str, text: &str) -> Notice {
    Notice {
        tone: Tone::Wait,
        title: title.to_owned(),
        text: text.to_owned(),
        receipts: None,
    }
}

/// `GET /admin/ends`.
pub(super) async fn list(call: Call) -> Answer {
    listed(&call, None).await
}

async fn listed(call: &Call, notice: Option<Notice>) -> Answer {
    let provider = &call.state.provider;
    let status = if notice.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let names = provider.app_names().await?;
    let ends = provider.latest_mass_ends().await?;
    let mut lines = Vec::new();
    for end in &ends {
        lines.extend(line(end, what(provider, end, &names).await?));
    }
    let page = MassLines {
        frame: call.frame(Section::Sessions, notice),
        lines,
    };
    Ok(respond::page(status, &page, &Policy::stays()))
}

fn line(end: &MassEnd, what: What) -> Option<MassLine> {
    Some(MassLine {
        link: Link::new(&links::mass_end(&end.id))?,
        what,
        began: time::stamp(end.began),
        ended: counted(end.ended, "session", "sessions"),
        done: end.finished.is_some(),
    })
}

async fn what(
    provider: &Provider,
    end: &MassEnd,
    names: &[(ClientId, String)],
) -> Result<What, PageTrouble> {
    Ok(match &end.scope {
        MassScope::Everything => What::Everything,
        MassScope::Client(id) => {
            let known = names.iter().find(|(known, _)| known == id);
            What::App(known.map_or_else(|| id.to_string(), |(_, name)| name.clone()))
        }
        MassScope::Person(id) => {
            let name = provider.person_name(id).await?;
            What::Person(name.unwrap_or_else(|| id.to_string()))
        }
        MassScope::Question(_) => What::Matching,
    })
}

/// `GET /admin/ends/{id}`.
pub(super) async fn show(call: Call) -> Answer {
    let provider = &call.state.provider;
    let Some(progress) = provider.mass_progress(call.part("id")).await? else {
        return Ok(nothing_here());
    };
    let names = provider.app_names().await?;
    let end = &progress.end;
    let Some(check_again) = Link::new(&links::mass_end(&end.id)) else {
        return Ok(nothing_here());
    };
    let page = MassDone {
        frame: call.frame(Section::Sessions, None),
        what: what(provider, end, &names).await?,
        ended: end.ended,
        // More may have begun between the count and the end.
        expected: end.expected.max(end.ended),
        in_force: end.position.is_some() || end.finished.is_some(),
        finished: end.finished.map(time::moment),
        began: time::moment(end.began),
        delivered: progress.delivered,
        waiting: progress.waiting,
        failed: progress.failed,
        note: end.note.clone().unwrap_or_default(),
        check_again,
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::live()))
}
