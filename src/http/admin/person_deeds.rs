//! What is done to a person in one step: a page that says what will happen, then the deed.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::links;
use super::person::id;
use super::person_outcome::{self, Outcome};
use super::route::{Answer, Call, nothing_here};
use crate::http::claims::status;
use crate::http::error::PageTrouble;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::identity::user::{LoginKey, User};
use crate::pages::admin::Section;
use crate::pages::admin::person_deed::{AskDeed, Deed, Ends};
use crate::pages::fields::Problem;
use crate::pages::fields::{Field, Input};
use crate::pages::parts::Link;
use crate::pages::time;
use crate::provider::{PersonDeed, PersonPlan, Refusal};

/// The deeds, their words in addresses, and what is said after them.
const DEEDS: [(PersonDeed, &str, Outcome); 5] = [
    (PersonDeed::Enable, "enable", Outcome::Enabled),
    (PersonDeed::Disable, "disable", Outcome::Disabled),
    (PersonDeed::Delete, "delete", Outcome::Deleted),
    (PersonDeed::Promote, "promote", Outcome::Promoted),
    (PersonDeed::Demote, "demote", Outcome::Demoted),
];

/// `GET /admin/people/{id}/{deed}`.
pub(super) async fn ask(call: Call) -> Answer {
    let (Some((user, _)), Some((deed, ..))) = (person(&call).await?, deed(&call)) else {
        return Ok(nothing_here());
    };
    asked(&call, &user, deed, StatusCode::OK, None).await
}

/// `POST /admin/people/{id}/{deed}`.
pub(super) async fn act(call: Call) -> Answer {
    let (Some((user, own)), Some((deed, outcome))) = (person(&call).await?, deed(&call)) else {
        return Ok(nothing_here());
    };
    if deed == PersonDeed::Delete && !is_named(&call, &user) {
        let problem = Problem {
            title: "Nothing was deleted".to_owned(),
            text: "Type the username of the person whom you want to delete.".to_owned(),
        };
        return asked(&call, &user, deed, StatusCode::BAD_REQUEST, Some(problem)).await;
    }
    let provider = &call.state.provider;
    let done = provider.do_to_person(&call.administrator, &user.id, deed);
    match done.await? {
        Ok(_) if own && outcome_leaves(outcome) => Ok(respond::see_other("/account")),
        Ok(ended) => {
            let address = person_outcome::address(&user.id, outcome, &ended);
            Ok(respond::see_other(&address))
        }
        Err(Refusal::NotFound) => Ok(nothing_here()),
        Err(refusal) => {
            let status = status(&refusal);
            asked(&call, &user, deed, status, Some(problem(&refusal))).await
        }
    }
}

/// Who did this to themself has no business here any more.
const fn outcome_leaves(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Disabled | Outcome::Deleted | Outcome::Demoted
    )
}

/// The person whom the path names, and whether it is who asks.
async fn person(call: &Call) -> Result<Option<(User, bool)>, PageTrouble> {
    let Some(id) = id(call) else {
        return Ok(None);
    };
    let user = call.state.provider.person_on_record(&id).await?;
    Ok(user.map(|user| (user, call.administrator.is(&id))))
}

fn deed(call: &Call) -> Option<(PersonDeed, Outcome)> {
    let word = call.part("deed");
    let known = DEEDS.into_iter().find(|(_, known, _)| *known == word);
    known.map(|(deed, _, outcome)| (deed, outcome))
}

fn is_named(call: &Call, user: &User) -> bool {
    let typed = call.field("username").unwrap_or_default();
    LoginKey::new(typed) == LoginKey::new(&user.username)
}

fn problem(refusal: &Refusal) -> Problem {
    let text = match refusal {
        Refusal::LastAdministrator => {
            "This is the last administrator who can sign in: nobody could undo it. Make somebody \
             else an administrator first."
                .to_owned()
        }
        other => format!("Why: {other}."),
    };
    Problem {
        title: "Nothing was changed".to_owned(),
        text,
    }
}

async fn asked(
    call: &Call,
    user: &User,
    deed: PersonDeed,
    status: StatusCode,
    problem: Option<Problem>,
) -> Answer {
    let provider = &call.state.provider;
    let ends = match deed {
        PersonDeed::Disable | PersonDeed::Delete => {
            let plan = provider.plan_person(&call.administrator, &user.id, false);
            Some(ends(plan.await?))
        }
        PersonDeed::Enable | PersonDeed::Promote | PersonDeed::Demote => None,
    };
    let page = page(call, user, deed, ends, problem);
    Ok(page.map_or_else(nothing_here, |page| answer(status, &page)))
}

fn answer(status: StatusCode, page: &AskDeed) -> HttpResponse {
    respond::page(status, page, &Policy::stays())
}

fn page(
    call: &Call,
    user: &User,
    deed: PersonDeed,
    ends: Option<Ends>,
    problem: Option<Problem>,
) -> Option<AskDeed> {
    let back = links::person(&user.id)?;
    let (_, word, _) = DEEDS.into_iter().find(|(known, ..)| *known == deed)?;
    Some(AskDeed {
        frame: call.frame(Section::People, None),
        deed: match deed {
            PersonDeed::Enable => Deed::Enable,
            PersonDeed::Disable => Deed::Disable,
            PersonDeed::Delete => Deed::Delete {
                username: username(call, problem.is_some() && !is_named(call, user)),
                expected: user.username.clone(),
            },
            PersonDeed::Promote => Deed::Promote,
            PersonDeed::Demote => Deed::Demote,
        },
        name: user.display_name().to_owned(),
        own: call.administrator.is(&user.id),
        ends,
        problem,
        action: Link::new(&format!("{back}/{word}"))?,
        back,
    })
}

fn username(call: &Call, wrong: bool) -> Field {
    let error = wrong.then(|| "This is another username, or none.".to_owned());
    Field::new("username", "Type the username to confirm", Input::Text)
        .required()
        .value(call.form.get("username").unwrap_or_default())
        .error(error)
}

/// What ends, as pages say it.
pub(super) fn ends(plan: PersonPlan) -> Ends {
    Ends {
        sessions: i64::try_from(plan.sessions).unwrap_or(i64::MAX),
        spared: plan.spared,
        told: plan.told,
        untold: plan.untold,
        at: time::moment(plan.at),
    }
}
