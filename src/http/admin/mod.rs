//! The admin pages: every address is in [`TABLE`], and every request passes one gate
//! ([`route`]).

mod app;
mod app_deeds;
mod app_fields;
mod app_form;
mod app_problems;
mod app_request_fields;
mod app_spec;
mod app_token_fields;
mod apps;
mod audit;
mod confirm;
mod confirmed;
mod keys;
mod links;
mod mass_ends;
mod overview;
mod people;
mod people_filter;
mod person;
mod person_deeds;
mod person_edit;
mod person_new;
mod person_outcome;
mod person_password;
mod route;
mod session;
mod session_app;
mod session_ends;
mod session_filter;
mod session_timeline;
mod sessions;

pub use route::{Proof, Route};

use actix_web::web::ServiceConfig;

macro_rules! table {
    ($($method:ident $path:literal $proof:ident $handler:path;)*) => {
        /// Every address of the admin pages.
        pub const TABLE: &[Route] = &[$(
            Route::new(
                table!(@$method),
                $path,
                Proof::$proof,
                |call| Box::pin($handler(call)),
            ),
        )*];
    };
    (@GET) => { false };
    (@POST) => { true };
}

table! {
    GET "/admin" Session overview::get;
    GET "/admin/apps" Session apps::list;
    GET "/admin/apps/new" Fresh app_form::ask_new;
    POST "/admin/apps/new" Fresh app_form::create;
    GET "/admin/apps/{id}" Session app::show;
    GET "/admin/apps/{id}/edit" Fresh app_form::ask_edit;
    POST "/admin/apps/{id}/edit" Fresh app_form::edit;
    GET "/admin/apps/{id}/secret" Fresh app_deeds::ask_secret;
    POST "/admin/apps/{id}/secret" Fresh app_deeds::secret;
    GET "/admin/apps/{id}/disabling" Fresh app_deeds::ask_disabling;
    POST "/admin/apps/{id}/disabling" Fresh app_deeds::disable;
    GET "/admin/apps/{id}/enabling" Fresh app_deeds::ask_enabling;
    POST "/admin/apps/{id}/enabling" Fresh app_deeds::enable;
    GET "/admin/apps/{id}/deletion" Fresh app_deeds::ask_deletion;
    POST "/admin/apps/{id}/deletion" Fresh app_deeds::delete;
    GET "/admin/audit" Session audit::get;
    GET "/admin/confirmed" Fresh confirmed::show;
    GET "/admin/ends" Session mass_ends::list;
    POST "/admin/ends" Fresh mass_ends::carry_out;
    GET "/admin/ends/plan" Fresh mass_ends::plan;
    GET "/admin/ends/{id}" Session mass_ends::show;
    GET "/admin/keys" Session keys::get;
    GET "/admin/keys/rotation" Fresh keys::ask_rotation;
    POST "/admin/keys/rotation" Fresh keys::rotate;
    GET "/admin/people" Session people::list;
    GET "/admin/people/new" Fresh person_new::ask;
    POST "/admin/people/new" Fresh person_new::create;
    GET "/admin/people/{id}" Session person::show;
    GET "/admin/people/{id}/edit" Fresh person_edit::ask;
    POST "/admin/people/{id}/edit" Fresh person_edit::save;
    GET "/admin/people/{id}/password" Fresh person_password::ask;
    POST "/admin/people/{id}/password" Fresh person_password::set;
    GET "/admin/people/{id}/{deed}" Fresh person_deeds::ask;
    POST "/admin/people/{id}/{deed}" Fresh person_deeds::act;
    GET "/admin/sessions" Session sessions::list;
    POST "/admin/sessions/plan" Session session_ends::plan;
    POST "/admin/sessions/end" FreshForSeveral session_ends::end;
    GET "/admin/sessions/told" Session session_ends::told;
    GET "/admin/sessions/events" Session session_ends::events;
    GET "/admin/sessions/{reference}" Session session::show;
    POST "/admin/sessions/{reference}/again" Session session::send_again;
    GET "/admin/sessions/{reference}/app" Session session_app::ask;
    POST "/admin/sessions/{reference}/app" Session session_app::end;
}

pub(super) fn configure(config: &mut ServiceConfig) {
    route::configure(config, TABLE);
}
