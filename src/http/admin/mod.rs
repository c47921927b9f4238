//! The admin pages: every address is in [`TABLE`], and every request passes one gate
//! ([`route`]).

mod audit;
mod confirm;
mod keys;
mod links;
mod overview;
mod route;

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
    GET "/admin/audit" Session audit::get;
    GET "/admin/confirmed" Fresh confirm::done;
    GET "/admin/keys" Session keys::get;
    GET "/admin/keys/rotation" Fresh keys::ask_rotation;
    POST "/admin/keys/rotation" Fresh keys::rotate;
}

pub(super) fn configure(config: &mut ServiceConfig) {
    route::configure(config, TABLE);
}
