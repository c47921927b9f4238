//! Files of our own, under addresses that change with their content: cached for ever.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};

use super::respond;
use crate::pages::assets;
use crate::pages::message::{Message, MessageKind};

pub(super) async fn file(request: HttpRequest) -> HttpResponse {
    let Some(asset) = assets::asset(request.path()) else {
        return respond::message(
            StatusCode::NOT_FOUND,
            &Message::plain(MessageKind::NotFound),
        );
    };
    HttpResponse::Ok()
        .content_type(asset.content_type)
        .insert_header((header::CACHE_CONTROL, cached(asset.immutable)))
        .insert_header((header::ETAG, asset.etag))
        .body(asset.bytes)
}

/// An address with the content's hash never changes its meaning; a plain one may.
const fn cached(immutable: bool) -> &'static str {
    if immutable {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=300"
    }
}
