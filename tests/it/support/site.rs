//! A small web site of somebody else's: it sends a browser on, or says what it was sent.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::http::header::LOCATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

/// A site at an origin of its own.
pub(crate) struct Site {
    pub(crate) origin: String,
    visits: Visits,
}

type Visits = Arc<Mutex<Vec<String>>>;

impl Site {
    /// The paths with their queries that were asked for, in order.
    pub(crate) fn visits(&self) -> Vec<String> {
        self.visits.lock().unwrap().clone()
    }
}

/// Serves at `http://<name>.localhost` on a port of its own.
///
/// With `onward`, whatever arrives is answered by 303 to `onward` and the query it came with.
/// Without it, a page repeats the query or the form.
pub(crate) fn open(name: &str, onward: Option<String>) -> Site {
    let visits = Visits::default();
    let seen = Arc::clone(&visits);
    let (listener, origin) = place(name);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(onward.clone()))
            .app_data(web::Data::from(Arc::clone(&seen)))
            .default_service(web::to(answer))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    tokio::spawn(server);
    Site { origin, visits }
}

/// Serves one page for every path, at `http://<name>.localhost` on a port of its own: an app that
/// has no server. The answer is its origin.
pub(crate) fn page(name: &str, page: String) -> String {
    let (listener, origin) = place(name);
    let show = |page: web::Data<String>| async move {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body(page.get_ref().clone())
    };
    let page = web::Data::new(page);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(page.clone())
            .default_service(web::to(show))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    tokio::spawn(server);
    origin
}

/// An origin that nobody else has.
fn place(name: &str) -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, format!("http://{name}.localhost:{port}"))
}

async fn answer(
    request: HttpRequest,
    body: String,
    onward: web::Data<Option<String>>,
    visits: web::Data<Mutex<Vec<String>>>,
) -> HttpResponse {
    visits.lock().unwrap().push(request.uri().to_string());
    let sent = if body.is_empty() {
        request.query_string()
    } else {
        &body
    };
    match onward.as_ref() {
        Some(onward) => HttpResponse::SeeOther()
            .insert_header((LOCATION, format!("{onward}?{sent}")))
            .finish(),
        None => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .body(format!(
                "<!doctype html><title>Arrived</title><h1>Arrived</h1><p id=sent>{}</p>",
                sent.replace('&', "&amp;").replace('<', "&lt;")
            )),
    }
}
