//! The whole URL table.

use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, get, head, post};
use actix_web::{HttpRequest, HttpResponse};

use super::account::{self, apps, device as connect, my_apps, password, profile, sessions};
use super::oauth::{
    authorize, device, discovery, introspect, logout, pushed, register, revoke, session, token,
    userinfo,
};
use super::sign_in::{account_choice, consent, login, new_password, resume};
use super::{admin, cors, health, respond, setup, sign_in, statics};
use crate::pages::message::{Message, MessageKind};
use crate::pages::parts::Link;
use crate::protocol::discovery::paths;

/// Every address that Lanyard answers.
pub fn routes(config: &mut ServiceConfig) {
    machine_endpoints(config);
    pages(config);
    account_pages(config);
    admin::configure(config);
    config.default_service(web::to(not_found));
}

fn machine_endpoints(config: &mut ServiceConfig) {
    let options = || web::method(actix_web::http::Method::OPTIONS).to(cors::preflight);
    config
        .service(
            web::resource(paths::OPENID_CONFIGURATION)
                .wrap(from_fn(cors::open))
                .route(get().to(discovery::openid_configuration))
                .route(head().to(discovery::openid_configuration))
                .route(options()),
        )
        .service(
            web::resource(paths::OAUTH_AUTHORIZATION_SERVER)
                .wrap(from_fn(cors::open))
                .route(get().to(discovery::authorization_server))
                .route(head().to(discovery::authorization_server))
                .route(options()),
        )
        .service(
            web::resource(paths::JWKS)
                .wrap(from_fn(cors::open))
                .route(get().to(discovery::jwks))
                .route(head().to(discovery::jwks))
                .route(options()),
        )
        .service(
            web::resource(paths::TOKEN)
                .wrap(from_fn(cors::open))
                .route(post().to(token::post))
                .route(options()),
        )
        .service(
            web::resource(paths::PUSHED)
                .wrap(from_fn(cors::open))
                .route(post().to(pushed::post))
                .route(options()),
        )
        .service(
            web::resource(paths::DEVICE_AUTHORIZATION)
                .wrap(from_fn(cors::open))
                .route(post().to(device::post))
                .route(options()),
        )
        .service(
            web::resource(paths::USERINFO)
                .wrap(from_fn(cors::open))
                .route(get().to(userinfo::get))
                .route(post().to(userinfo::post))
                .route(options()),
        )
        .configure(about_tokens)
        .configure(registrations)
        .configure(health_checks);
}

/// What clients ask about tokens that they have.
fn about_tokens(config: &mut ServiceConfig) {
    let options = || web::method(actix_web::http::Method::OPTIONS).to(cors::preflight);
    config
        .service(web::resource(paths::INTROSPECT).route(post().to(introspect::post)))
        .service(
            web::resource(paths::REVOKE)
                .wrap(from_fn(cors::open))
                .route(post().to(revoke::post))
                .route(options()),
        );
}

fn registrations(config: &mut ServiceConfig) {
    let options = || web::method(actix_web::http::Method::OPTIONS).to(cors::preflight);
    config
        .service(
            web::resource(paths::REGISTER)
                .wrap(from_fn(cors::open))
                .route(post().to(register::post))
                .route(options()),
        )
        .service(
            web::resource(format!("{}/{{client_id}}", paths::REGISTER))
                .route(get().to(register::get))
                .route(web::put().to(register::put))
                .route(web::delete().to(register::delete)),
        );
}

fn health_checks(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/health/live")
                .route(get().to(health::live))
                .route(head().to(health::live)),
        )
        .service(
            web::resource("/health/ready")
                .route(get().to(health::ready))
                .route(head().to(health::ready)),
        );
}

fn pages(config: &mut ServiceConfig) {
    config
        .service(
            web::resource(paths::AUTHORIZE)
                .route(get().to(authorize::get))
                .route(post().to(authorize::post)),
        )
        .service(
            web::resource(paths::END_SESSION)
                .route(get().to(logout::get))
                .route(post().to(logout::post)),
        )
        .service(web::resource("/oauth2/logout/confirm").route(post().to(logout::confirm)))
        .service(web::resource("/oauth2/logout/done").route(get().to(logout::done)))
        .service(web::resource("/oauth2/logout/events").route(get().to(logout::events)))
        .service(
            web::resource(paths::CHECK_SESSION)
                .route(get().to(session::iframe))
                .route(head().to(session::iframe)),
        )
        .service(web::resource(paths::CHECK_SESSION_STATE).route(post().to(session::state)))
        .service(
            web::resource("/login")
                .route(get().to(sign_in::get))
                .route(post().to(login::post)),
        )
        .service(
            web::resource("/login/password")
                .route(get().to(sign_in::get))
                .route(post().to(new_password::post)),
        )
        .service(
            web::resource("/login/account")
                .route(get().to(sign_in::get))
                .route(post().to(account_choice::post)),
        )
        .service(
            web::resource("/login/resume")
                .route(get().to(sign_in::get))
                .route(post().to(resume::post)),
        )
        .service(
            web::resource("/consent")
                .route(get().to(sign_in::get))
                .route(post().to(consent::post)),
        )
        .service(
            web::resource("/setup")
                .route(get().to(setup::get))
                .route(post().to(setup::post)),
        )
        .service(web::resource("/").route(get().to(home)))
        .service(
            web::resource("/static/{file}")
                .route(get().to(statics::file))
                .route(head().to(statics::file)),
        );
}

fn account_pages(config: &mut ServiceConfig) {
    config
        .service(
            web::resource(paths::DEVICE)
                .route(get().to(connect::get))
                .route(post().to(connect::post)),
        )
        .service(
            web::resource("/device/confirm")
                .route(get().to(connect::confirm))
                .route(post().to(connect::answer)),
        )
        .service(web::resource("/account").route(get().to(sessions::get)))
        .service(
            web::resource("/account/password")
                .route(get().to(password::get))
                .route(post().to(password::post)),
        )
        .service(
            web::resource("/account/profile")
                .route(get().to(profile::get))
                .route(post().to(profile::post)),
        )
        .service(web::resource("/apps").route(get().to(my_apps::get)))
        .service(web::resource("/account/apps").route(get().to(apps::get)))
        .service(web::resource("/account/apps/withdraw").route(post().to(apps::withdraw)))
        .service(web::resource("/account/sessions/events").route(get().to(sessions::events)))
        .service(web::resource("/account/sessions/end").route(post().to(sessions::end)))
        .service(web::resource("/account/sessions/end-app").route(post().to(sessions::end_app)))
        .service(
            web::resource("/account/sessions/end-others").route(post().to(sessions::end_others)),
        )
        .service(web::resource("/account/sign-out").route(post().to(account::sign_out)));
}

async fn home() -> HttpResponse {
    respond::see_other("/account")
}

async fn not_found(_: HttpRequest) -> HttpResponse {
    let page = Message {
        onward: Link::new("/account"),
        ..Message::plain(MessageKind::NotFound)
    };
    respond::message(StatusCode::NOT_FOUND, &page)
}
