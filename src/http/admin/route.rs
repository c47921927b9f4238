//! One gate before every admin page: who asks, by which form, how lately proven. A page cannot
//! forget a check that it does not make itself.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;

use super::confirm;
use crate::http::account::sign_in_first;
use crate::http::error::PageTrouble;
use crate::http::state::State;
use crate::http::{cookies, extract, guard, respond};
use crate::pages::admin::{AdminFrame, Section};
use crate::pages::message::{Message, MessageKind};
use crate::pages::parts::{Link, Notice};
use crate::protocol::params::Params;
use crate::provider::{Administrator, PROOF_WITHIN};

/// How lately an administrator must have proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A live session is enough.
    Session,
    /// Not longer ago than [`PROOF_WITHIN`].
    Fresh,
    /// The same for a form that ends more than one session: it names several as `session`, or all
    /// of a `person`.
    FreshForSeveral,
}

impl Proof {
    fn must_be_fresh(self, form: &Params) -> bool {
        match self {
            Self::Session => false,
            Self::Fresh => true,
            Self::FreshForSeveral => form.is_repeated("session") || form.get("person").is_some(),
        }
    }
}

/// An admitted request.
pub(super) struct Call {
    pub(super) state: State,
    pub(super) request: HttpRequest,
    pub(super) administrator: Administrator,
    pub(super) query: Params,
    /// Empty unless it is a POST.
    pub(super) form: Params,
}

pub(super) type Answer = Result<HttpResponse, PageTrouble>;
type Handler = fn(Call) -> Pin<Box<dyn Future<Output = Answer>>>;

/// One address of the admin pages.
#[derive(Clone, Copy)]
pub struct Route {
    /// GET or POST.
    pub post: bool,
    /// With `{…}` for what varies.
    pub path: &'static str,
    /// What it demands.
    pub proof: Proof,
    pub(super) handler: Handler,
}

impl Route {
    pub(super) const fn new(
        post: bool,
        path: &'static str,
        proof: Proof,
        handler: Handler,
    ) -> Self {
        Self {
            post,
            path,
            proof,
            handler,
        }
    }
}

impl Call {
    /// A part of the path that varies.
    pub(super) fn part(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The same where it may be any text. The router leaves escaped what could be taken for
    /// another path, such as the slashes of an id that is an address. Empty if it is no text.
    pub(super) fn text_part(&self, name: &str) -> Cow<'_, str> {
        let text = percent_decode_str(self.part(name)).decode_utf8();
        text.unwrap_or_default()
    }

    /// A field of the form without the spaces around it; none if it is empty.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let text = self.form.get(name)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The frame of a page.
    pub(super) fn frame(&self, section: Section, notice: Option<Notice>) -> AdminFrame {
        AdminFrame {
            person: self.administrator.visitor.name.clone(),
            csrf: self.administrator.visitor.csrf.clone(),
            section,
            notice,
        }
    }
}

/// Puts the table into the server.
pub(super) fn configure(config: &mut ServiceConfig, table: &'static [Route]) {
    let mut paths: Vec<&'static str> = table.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        let mut resource = web::resource(path);
        for route in table.iter().filter(|route| route.path == path) {
            let method = if route.post {
                Method::POST
            } else {
                Method::GET
            };
            resource = resource.route(web::method(method).to(
                move |request: HttpRequest, body: Bytes, state: web::Data<State>| {
                    admit(route, request, body, state)
                },
            ));
        }
        config.service(resource);
    }
}

async fn admit(
    route: &'static Route,
    request: HttpRequest,
    body: Bytes,
    state: web::Data<State>,
) -> Answer {
    if route.post && guard::is_foreign(&state, &request) {
        return Ok(respond::foreign_form());
    }
    let cookie = cookies::session(&state, &request);
    let Some(visitor) = state.provider.visitor(cookie.as_ref()).await? else {
        let within = (route.proof == Proof::Fresh).then_some(PROOF_WITHIN);
        return sign_in_first(&state, &request, &back_to(&request), within).await;
    };
    let Some(administrator) = state.provider.administrator(visitor).await? else {
        return Ok(forbidden());
    };
    let form = if route.post {
        let Some(form) = extract::list_form(&request, &body) else {
            return Ok(respond::malformed());
        };
        let token = form.get("csrf").unwrap_or_default();
        let provider = &state.provider;
        if !provider.visitor_form_matches(&administrator.visitor, token) {
            return Ok(respond::form_expired());
        }
        form
    } else {
        Params::default()
    };
    let Some(query) = extract::list_query(&request) else {
        return Ok(respond::malformed());
    };
    let call = Call {
        state: State::clone(&state),
        request,
        administrator,
        query,
        form,
    };
    if route.proof.must_be_fresh(&call.form) && !call.administrator.proven_lately {
        if route.post {
            let path = call.request.uri().path();
            return Ok(confirm::ask(
                call.frame(Section::None, None),
                path,
                &call.form,
            ));
        }
        let page = back_to(&call.request);
        return sign_in_first(&call.state, &call.request, &page, Some(PROOF_WITHIN)).await;
    }
    (route.handler)(call).await
}

/// Where a sign-in leads back to: the page itself; after a form, which cannot be repeated by a
/// redirect, the first page.
fn back_to(request: &HttpRequest) -> String {
    let page = request.uri().path_and_query().map(PathAndQuery::as_str);
    match (request.method(), page) {
        (&Method::GET, Some(page)) => page.to_owned(),
        _ => "/admin".to_owned(),
    }
}

fn forbidden() -> HttpResponse {
    let message = Message {
        onward: Link::new("/account"),
        ..Message::plain(MessageKind::Forbidden)
    };
    respond::message(StatusCode::FORBIDDEN, &message)
}

/// Nothing has this address: a person, app or session that is not there (any more).
pub(super) fn nothing_here() -> HttpResponse {
    let message = Message {
        onward: Link::new("/admin"),
        ..Message::plain(MessageKind::NotFound)
    };
    respond::message(StatusCode::NOT_FOUND, &message)
}
