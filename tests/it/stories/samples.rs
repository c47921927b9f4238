//! The states of pages that no story brings about: a busy server, hostile names.

use std::net::TcpListener;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use lanyard::pages::{Rendered, all_samples, assets};

use super::looks::{NARROW, inspect_as};
use crate::support::chromium::{Browser, Options};

/// States that stories bring about are looked at there.
fn is_rare(page: &Rendered) -> bool {
    let rare = [
        "busy",
        "hostile",
        "unavailable",
        "broken",
        "malformed",
        "foreign-form",
        "forbidden",
    ];
    rare.contains(&page.sample)
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_rare_states_look_right_too() {
    let pages: Vec<_> = all_samples().unwrap().into_iter().filter(is_rare).collect();
    let origin = serve(pages.clone());
    let browser = Browser::start(Options::default()).await;
    browser.block("*form-post*").await;
    for (number, page) in pages.iter().enumerate() {
        browser.goto(&format!("{origin}/{number}")).await;
        // The missing script is this story's doing.
        browser.complaints().await;
        let name = format!("sample-{}-{}", page.kind, page.sample);
        // Long names break first where it is narrow.
        inspect_as(&browser, &name, &[NARROW]).await;
    }
}

fn serve(pages: Vec<Rendered>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(pages.clone()))
            .route("/{number}", web::get().to(sample))
            .default_service(web::to(file))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    tokio::spawn(server);
    origin
}

async fn sample(pages: web::Data<Vec<Rendered>>, number: web::Path<usize>) -> HttpResponse {
    match pages.get(*number) {
        Some(page) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body(page.html.clone()),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn file(request: HttpRequest) -> HttpResponse {
    match assets::asset(request.path()) {
        Some(file) => HttpResponse::Ok()
            .content_type(file.content_type)
            .body(file.bytes),
        None => HttpResponse::NotFound().finish(),
    }
}
