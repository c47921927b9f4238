//! An app that nobody registered: it publishes at https what it is, and its address is its id.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App as Server, HttpRequest, HttpResponse, HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::app::Heard;
use super::parts::Certificates;
use super::{App, House};

/// Where it is sent back to: no program of the person's own machine.
const REDIRECT: &str = "https://app.example/callback";

/// What it answers to whoever reads a document, whatever the path.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) cache_control: Option<&'static str>,
    /// Members that differ from the usual ones; null takes one away.
    pub(crate) changes: Value,
    /// This in place of a document.
    pub(crate) body: Option<String>,
    pub(crate) waits: Duration,
    /// Nothing but this path is answered until something else is published.
    pub(crate) holds_all_but: Option<&'static str>,
}

impl Default for Published {
    fn default() -> Self {
        Self {
            status: 200,
            content_type: "application/json",
            cache_control: None,
            changes: json!({}),
            body: None,
            waits: Duration::ZERO,
            holds_all_but: None,
        }
    }
}

/// Its server.
pub(crate) struct Publisher {
    pub(crate) origin: String,
    authority: String,
    page: Arc<Mutex<Published>>,
    asked: Arc<AtomicUsize>,
    heard: Arc<Heard>,
    _folder: TempDir,
}

impl Publisher {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Certificates::make(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let publisher = Self {
            origin,
            authority: made.authority.display().to_string(),
            page: Arc::default(),
            asked: Arc::default(),
            heard: Arc::default(),
            _folder: folder,
        };
        publisher.serve(listener, tls(&made));
        publisher
    }

    fn serve(&self, listener: TcpListener, tls: ServerConfig) {
        let origin = web::Data::new(self.origin.clone());
        let page = web::Data::from(Arc::clone(&self.page));
        let asked = web::Data::from(Arc::clone(&self.asked));
        let heard = web::Data::from(Arc::clone(&self.heard));
        let server = HttpServer::new(move || {
            Server::new()
                .app_data(origin.clone())
                .app_data(page.clone())
                .app_data(asked.clone())
                .app_data(heard.clone())
                .route("/backchannel-logout", web::post().to(super::app::hear))
                .default_service(web::get().to(publish))
        })
        .workers(1)
        .disable_signals()
        .listen_rustls_0_23(listener, tls)
        .unwrap()
        .run();
        tokio::spawn(server);
    }

    /// The settings of a house that reads its documents.
    pub(crate) fn settings(&self) -> [(&'static str, &str); 3] {
        [
            ("METADATA_DOCUMENTS__OPEN_TO", "listed_hosts"),
            ("METADATA_DOCUMENTS__HOSTS", "localhost"),
            ("DELIVERY__CA_FILE", &self.authority),
        ]
    }

    /// The app whose document is at this path.
    pub(crate) fn app(&self, house: &House, path: &str) -> App {
        let id = format!("{}{path}", self.origin);
        let redirect_uri = REDIRECT.to_owned();
        App::published(
            house,
            (id, redirect_uri),
            &self.origin,
            Arc::clone(&self.heard),
        )
    }

    /// What it answers from now on.
    pub(crate) fn publish(&self, page: Published) {
        *self.page.lock().unwrap() = page;
    }

    /// The same with other members.
    pub(crate) fn describe(&self, changes: Value) {
        self.publish(Published {
            changes,
            ..Published::default()
        });
    }

    /// How often a document was read.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn tls(made: &Certificates) -> ServerConfig {
    let chain = CertificateDer::pem_file_iter(&made.certificate).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(&made.key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

async fn publish(
    request: HttpRequest,
    origin: web::Data<String>,
    page: web::Data<Mutex<Published>>,
    asked: web::Data<AtomicUsize>,
) -> HttpResponse {
    asked.fetch_add(1, Ordering::SeqCst);
    assert!(request.cookie("anything").is_none());
    let published = || page.lock().unwrap().clone();
    let held = |page: Published| page.holds_all_but.is_some_and(|but| but != request.path());
    while held(published()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let page = published();
    tokio::time::sleep(page.waits).await;
    let mut answer = HttpResponse::build(StatusCode::from_u16(page.status).unwrap());
    answer.content_type(page.content_type);
    if page.status == 302 {
        answer.insert_header(("location", "/elsewhere.json"));
    }
    if let Some(cache) = page.cache_control {
        answer.insert_header(("cache-control", cache));
    }
    let id = format!("{}{}", **origin, request.path());
    answer.body(
        page.body
            .unwrap_or_else(|| document(&id, &origin, &page.changes)),
    )
}

fn document(id: &str, origin: &str, changes: &Value) -> String {
    let mut document = json!({
        "client_id": id,
        "client_name": "Assistant",
        "redirect_uris": [REDIRECT],
        "post_logout_redirect_uris": [format!("{origin}/")],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
        "backchannel_logout_uri": format!("{origin}/backchannel-logout"),
    });
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    let members = document.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null());
    document.to_string()
}
