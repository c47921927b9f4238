//! An app's back channel, which remembers when it heard of what.

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// What an app heard: when, of which `sid`, under which `jti`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<(Instant, String, String)>>>);

impl Heard {
    pub(crate) fn all(&self) -> Vec<(Instant, String, String)> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

struct Behaviour {
    heard: Heard,
    hangs: bool,
}

/// Opens one; its address.
pub(crate) fn open(hangs: bool) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!(
        "http://localhost:{}/out",
        listener.local_addr().unwrap().port()
    );
    let heard = Heard::default();
    let behaviour = web::Data::new(Behaviour {
        heard: heard.clone(),
        hangs,
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(behaviour.clone())
            .route("/out", web::post().to(hear))
    });
    let server = server.workers(1).disable_signals().listen(listener);
    tokio::spawn(server.unwrap().run());
    (address, heard)
}

async fn hear(
    behaviour: web::Data<Behaviour>,
    form: web::Form<HashMap<String, String>>,
) -> HttpResponse {
    let now = Instant::now();
    let claims = claims(form.get("logout_token").map_or("", String::as_str));
    let word = |name: &str| claims.get(name).and_then(Value::as_str).unwrap().to_owned();
    let entry = (now, word("sid"), word("jti"));
    behaviour.heard.0.lock().unwrap().push(entry);
    if behaviour.hangs {
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
    HttpResponse::Ok().finish()
}

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// What all apps heard that answer.
#[derive(Debug)]
pub(crate) struct Told {
    first: HashMap<String, Instant>,
    notices: usize,
}

impl Told {
    pub(crate) fn of(apps: &[Heard]) -> Self {
        let (mut first, mut numbers, mut notices) = (HashMap::new(), HashSet::new(), 0);
        for (at, sid, jti) in apps.iter().flat_map(Heard::all) {
            first.entry(sid).or_insert(at);
            notices += 1;
            assert!(numbers.insert(jti), "a `jti` came twice");
        }
        Self { first, notices }
    }

    /// When an app first heard of this `sid`.
    pub(crate) fn first_of(&self, sid: &str) -> Instant {
        let heard = self.first.get(sid).copied();
        heard.unwrap_or_else(|| panic!("nobody heard of {sid}"))
    }

    /// How many different ends were heard of.
    pub(crate) fn notices(&self) -> usize {
        self.first.len()
    }

    /// How many came once more.
    pub(crate) fn repeats(&self) -> usize {
        self.notices - self.first.len()
    }
}
