//! From what waits to the page that shows it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use url::Url;

use crate::clock::Timestamp;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::http::state::State;
use crate::identity::user::{Address, User};
use crate::pages::choose_account::ChooseAccount;
use crate::pages::consent::{Consent, Permission};
use crate::pages::new_password::{NewPassword, NewPasswordNotice};
use crate::pages::parts::App;
use crate::pages::resume::{Resume, SignedOutBy};
use crate::pages::scope_words::Shown;
use crate::pages::sign_in::{EndedBecause, Remember, SignIn, SignInNotice};
use crate::pages::time;
use crate::protocol::custom_claims::CustomClaims;
use crate::protocol::redirect_uri;
use crate::provider::{PageDue, Waiting};
use crate::session::ending::Reason;

/// What was typed, to be shown again. Never the password.
pub(super) struct Typed {
    pub(super) username: String,
    pub(super) remember_me: bool,
}

/// Where a page that waits is fetched and posted.
pub(super) fn address(tag: &str, due: &PageDue) -> String {
    let path = match due {
        PageDue::SignIn | PageDue::Reauthenticate(_) => return sign_in_address(tag),
        PageDue::NewPassword(_) => "/login/password",
        PageDue::ChooseAccount(_) => "/login/account",
        PageDue::Consent { .. } => "/consent",
        PageDue::Resume { .. } => "/login/resume",
    };
    format!("{path}?i={tag}")
}

/// The sign-in form's.
pub(super) fn sign_in_address(tag: &str) -> String {
    format!("/login?i={tag}")
}

/// The page, with what was typed before where something was.
pub(super) fn page(
    state: &State,
    tag: &str,
    waiting: &Waiting,
    before: Option<(&Typed, SignInNotice)>,
) -> HttpResponse {
    let action = address(tag, &waiting.due);
    let policy = policy(state, waiting);
    let app = app(state, waiting);
    match (&waiting.due, app) {
        (PageDue::ChooseAccount(person), Some(app)) => {
            let page = ChooseAccount {
                app,
                person: person.display_name().to_owned(),
                account: account_of(person),
                action,
                csrf: waiting.csrf.clone(),
            };
            respond::page(StatusCode::OK, &page, &policy)
        }
        (PageDue::Consent { person, scope }, Some(app)) => {
            let custom = &state.provider.settings().claims;
            let words = words(person, scope, custom);
            let page = consent(waiting, app, person, words, action);
            respond::page(StatusCode::OK, &page, &policy)
        }
        (PageDue::Resume { person, reason, at }, Some(app)) => {
            let page = Resume {
                app,
                person: person.display_name().to_owned(),
                by: signed_out_by(*reason),
                at: time::on_day(*at, state.provider.clock().now()),
                action,
                csrf: waiting.csrf.clone(),
            };
            respond::page(StatusCode::OK, &page, &policy)
        }
        (PageDue::NewPassword(_), _) => new_password(
            state,
            (tag, waiting),
            NewPasswordNotice::None,
            StatusCode::OK,
        ),
        (due, app) => {
            let known = match due {
                PageDue::Reauthenticate(person) => Some(Arc::clone(person)),
                _ => None,
            };
            let page = sign_in(state, waiting, app, known.as_deref(), action, before);
            respond::page(StatusCode::OK, &page, &policy)
        }
    }
}

fn app(state: &State, waiting: &Waiting) -> Option<App> {
    let client = waiting.client.as_deref();
    client.map(|client| respond::app(state, client))
}

fn policy(state: &State, waiting: &Waiting) -> Policy {
    let mut policy = Policy {
        // Without an app the form leads to the account page, and never away.
        may_leave: waiting.client.is_some(),
        ..Policy::default()
    };
    let logo = app(state, waiting).and_then(|app| app.logo);
    policy.images.extend(logo.map(|logo| logo.to_string()));
    policy
}

/// The page for a new password, with what happened before; another page if it is not due.
pub(super) fn new_password(
    state: &State,
    (tag, waiting): (&str, &Waiting),
    notice: NewPasswordNotice,
    status: StatusCode,
) -> HttpResponse {
    let PageDue::NewPassword(person) = &waiting.due else {
        return respond::see_other(&address(tag, &waiting.due));
    };
    let page = NewPassword {
        app: app(state, waiting),
        action: address(tag, &waiting.due),
        csrf: waiting.csrf.clone(),
        username: person.username.clone(),
        notice,
    };
    respond::page(status, &page, &policy(state, waiting))
}

fn account_of(person: &User) -> String {
    person
        .profile
        .email
        .clone()
        .unwrap_or_else(|| person.username.clone())
}

fn consent(
    waiting: &Waiting,
    app: App,
    person: &User,
    permissions: Vec<Permission>,
    action: String,
) -> Consent {
    let uri = waiting.redirect_uri.as_deref();
    Consent {
        to_this_device: uri.is_some_and(redirect_uri::is_loopback),
        app,
        person: person.display_name().to_owned(),
        permissions,
        returns_to: returns_to(waiting.redirect_uri.as_deref()),
        action,
        csrf: waiting.csrf.clone(),
    }
}

/// What is asked for, in words, with what it would show of this person.
pub(in crate::http) fn words(
    person: &User,
    scope: &[String],
    custom: &CustomClaims,
) -> Vec<Permission> {
    let profile = &person.profile;
    let shown = Shown {
        name: person.display_name().to_owned(),
        email: profile.email.clone(),
        phone: profile.phone_number.clone(),
        address: on_one_line(&profile.address),
        groups: profile.groups.clone(),
        roles: profile.roles.clone(),
    };
    // Knowing somebody again is part of everything else; alone it is worth a line.
    let worth_a_line = |name: &&String| scope.len() == 1 || *name != "openid";
    scope
        .iter()
        .filter(worth_a_line)
        .map(|name| Permission::for_scope(name, &shown, custom))
        .collect()
}

fn on_one_line(address: &Address) -> Option<String> {
    let parts = [
        &address.street_address,
        &address.postal_code,
        &address.locality,
        &address.region,
        &address.country,
    ];
    let parts: Vec<&str> = match &address.formatted {
        Some(whole) => whole.lines().collect(),
        None => parts
            .into_iter()
            .flatten()
            .flat_map(|part| part.lines())
            .collect(),
    };
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn returns_to(redirect_uri: Option<&str>) -> String {
    let Some(url) = redirect_uri.and_then(|uri| Url::parse(uri).ok()) else {
        return String::new();
    };
    url.host_str()
        .map_or_else(|| url.scheme().to_owned(), ToOwned::to_owned)
}

fn sign_in(
    state: &State,
    waiting: &Waiting,
    app: Option<App>,
    known: Option<&User>,
    action: String,
    before: Option<(&Typed, SignInNotice)>,
) -> SignIn {
    let settings = state.provider.settings();
    let (typed, notice) = match before {
        Some((typed, notice)) => (Some(typed), notice),
        None => (None, ended_notice(waiting, state.provider.clock().now())),
    };
    let hinted = known
        .map(|person| person.username.clone())
        .or_else(|| waiting.login_hint.clone())
        .unwrap_or_default();
    SignIn {
        goes_to: match app {
            Some(_) => returns_to(waiting.redirect_uri.as_deref()),
            None => String::new(),
        },
        app,
        provider: host(&settings.issuer),
        action,
        csrf: waiting.csrf.clone(),
        username: typed.map_or(hinted, |typed| typed.username.clone()),
        known: known.map(|person| person.display_name().to_owned()),
        // A re-authentication changes no limits: there is nothing to offer.
        remember: known.is_none().then(|| Remember {
            span: time::span(settings.remembered.lifetime),
            ticked: typed.is_some_and(|typed| typed.remember_me),
        }),
        notice,
    }
}

fn host(issuer: &str) -> String {
    Url::parse(issuer)
        .ok()
        .and_then(|url| url.host_str().map(ToOwned::to_owned))
        .unwrap_or_else(|| issuer.to_owned())
}

fn ended_notice(waiting: &Waiting, now: Timestamp) -> SignInNotice {
    let Some(ended) = &waiting.ended else {
        return SignInNotice::None;
    };
    SignInNotice::Ended {
        because: because(ended.reason),
        at: time::on_day(ended.at, now),
        reference: Some(ended.reference.clone()),
    }
}

/// Only these three keep an app from coming back silently.
const fn signed_out_by(reason: Reason) -> SignedOutBy {
    match reason {
        Reason::User => SignedOutBy::You,
        Reason::Client => SignedOutBy::App,
        _ => SignedOutBy::Administrator,
    }
}

const fn because(reason: Reason) -> EndedBecause {
    match reason {
        Reason::User => EndedBecause::You,
        Reason::Client => EndedBecause::App,
        Reason::Admin | Reason::Disabled => EndedBecause::Administrator,
        Reason::Idle => EndedBecause::Idle,
        Reason::Lifetime => EndedBecause::Lifetime,
        Reason::Limit => EndedBecause::Limit,
        Reason::CredentialChange => EndedBecause::CredentialChange,
        Reason::Replaced => EndedBecause::Replaced,
        Reason::Theft | Reason::Reuse | Reason::Policy => EndedBecause::Safety,
    }
}
