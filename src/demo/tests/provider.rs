//! A stand-in for the provider: it says what a test tells it to say.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::web::{Data, Json, Path, get, post};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::{Value, json};

use super::signer::Signer;

/// What it says, and with which key.
pub(super) struct Script {
    pub(super) issuer: String,
    pub(super) signer: Signer,
    /// The members of the next ID token.
    pub(super) id_token: Value,
    pub(super) userinfo: Value,
    /// The body of the last token request.
    pub(super) token_request: String,
}

pub(super) struct Provider {
    pub(super) script: Arc<Mutex<Script>>,
    pub(super) issuer: String,
    handle: ServerHandle,
}

impl Provider {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let script = Arc::new(Mutex::new(Script {
            issuer: issuer.clone(),
            signer: Signer::new("k1"),
            id_token: json!({}),
            userinfo: json!({"sub": "u_1", "given_name": "<Alice>", "email": "a@example.com"}),
            token_request: String::new(),
        }));
        let data = Data::from(Arc::clone(&script));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/.well-known/openid-configuration", get().to(discovery))
                .route("/jwks", get().to(jwks))
                .route("/token", post().to(token))
                .route("/userinfo", get().to(userinfo))
                .route("/{other}", get().to(other))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        drop(tokio::spawn(server));
        Self {
            script,
            issuer,
            handle,
        }
    }

    pub(super) async fn stop(self) {
        self.handle.stop(false).await;
    }
}

async fn discovery(script: Data<Mutex<Script>>) -> Json<Value> {
    let issuer = script.lock().unwrap().issuer.clone();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    }))
}

async fn jwks(script: Data<Mutex<Script>>) -> HttpResponse {
    HttpResponse::Ok().json(script.lock().unwrap().signer.keys())
}

async fn token(script: Data<Mutex<Script>>, body: String) -> Json<Value> {
    let mut script = script.lock().unwrap();
    script.token_request = body;
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": script.signer.kid()});
    let id_token = script.signer.sign(&header, &script.id_token);
    Json(json!({
        "access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
    }))
}

async fn userinfo(script: Data<Mutex<Script>>) -> Json<Value> {
    Json(script.lock().unwrap().userinfo.clone())
}

async fn other(path: Path<String>) -> String {
    path.into_inner()
}
