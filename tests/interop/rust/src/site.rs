//! The app's pages and sessions.

use std::collections::HashMap;
use std::io::Cursor;

use openidconnect::CsrfToken;
use serde_json::{Value, json};
use tiny_http::{Header, Request, Response};
use url::Url;

use crate::party::{Party, Question, Refused, Tokens};

type Answer = Response<Cursor<Vec<u8>>>;

#[derive(Default)]
struct Session {
    asked: Option<Question>,
    tokens: Option<Tokens>,
    why: String,
}

pub struct Site {
    party: Party,
    cookie: String,
    sessions: HashMap<String, Session>,
}

impl Site {
    pub fn new(party: Party, port: &str) -> Self {
        let cookie = format!("openidconnect-{port}");
        Self {
            party,
            cookie,
            sessions: HashMap::new(),
        }
    }

    pub fn answer(&mut self, request: &Request) -> Answer {
        let Ok(address) = Url::parse("http://localhost").and_then(|it| it.join(request.url()))
        else {
            return text("no address").with_status_code(400);
        };
        let known = self.known(request);
        let session = known
            .as_ref()
            .and_then(|id| self.sessions.remove(id))
            .unwrap_or_default();
        let (session, answer) = self.page(&address, session);
        // Whoever comes back from a sign-in, or was never here, gets a new id.
        let known = known.filter(|_| address.path() != "/callback");
        let id = known.unwrap_or_else(|| CsrfToken::new_random().into_secret());
        let cookie = format!("{}={id}; HttpOnly; SameSite=Lax; Path=/", self.cookie);
        self.sessions.insert(id, session);
        answer.with_header(header("Set-Cookie", &cookie))
    }

    fn page(&self, address: &Url, mut session: Session) -> (Session, Answer) {
        match address.path() {
            "/" => {
                let state = match &session.tokens {
                    Some(tokens) => format!("signed in as {}", tokens.name),
                    None => "signed out".to_owned(),
                };
                let why = std::mem::take(&mut session.why);
                let (state, why) = (escape(&state), escape(&why));
                let page = format!(r#"<p id="state">{state}</p><p id="why">{why}</p>"#);
                (session, text(&page))
            }
            path @ ("/login" | "/silent") => {
                let asked = self.party.ask(path == "/silent");
                let answer = redirect(&asked.address);
                session.asked = Some(asked);
                (session, answer)
            }
            "/callback" => (self.come_back(address, session), redirect("/")),
            "/refresh" => self.refresh(session),
            "/introspect" => self.introspect(session),
            "/logout" => {
                let leave = |tokens: &Tokens| self.party.sign_out(tokens).ok();
                let away = session.tokens.as_ref().and_then(leave);
                (Session::default(), redirect(away.as_deref().unwrap_or("/")))
            }
            _ => (session, text("there is no such page").with_status_code(404)),
        }
    }

    fn come_back(&self, address: &Url, session: Session) -> Session {
        let said: HashMap<_, _> = address.query_pairs().into_owned().collect();
        let why = |why: &str| Session {
            why: why.to_owned(),
            ..Session::default()
        };
        let Some(asked) = session.asked else {
            return why("nobody asked");
        };
        if said.get("state") != Some(asked.state.secret()) {
            return why("the state is another");
        }
        // Whoever asked silently and is refused is signed out.
        let Some(code) = said.get("code") else {
            return why(said.get("error").map_or("there is no code", String::as_str));
        };
        match self.party.redeem(code.clone(), asked) {
            Ok(tokens) => Session {
                tokens: Some(tokens),
                ..Session::default()
            },
            Err(error) => why(&error.to_string()),
        }
    }

    fn refresh(&self, mut session: Session) -> (Session, Answer) {
        let outcome = match &mut session.tokens {
            Some(tokens) => self.party.refresh(tokens),
            None => Err(Refused::NoToken),
        };
        match outcome {
            Ok(()) => (session, json(&json!({ "refreshed": true }))),
            Err(Refused::SessionEnded) => (Session::default(), error("invalid_grant")),
            Err(Refused::NoToken) => (session, error("no refresh token")),
            Err(Refused::Other(why)) => (session, error(&why)),
        }
    }

    fn introspect(&self, session: Session) -> (Session, Answer) {
        let Some(tokens) = &session.tokens else {
            return (session, error("nobody is signed in"));
        };
        match self.party.is_active(tokens) {
            Ok(active) => {
                let kept = if active { session } else { Session::default() };
                (kept, json(&json!({ "active": active })))
            }
            Err(why) => (session, error(&why.to_string())),
        }
    }

    fn known(&self, request: &Request) -> Option<String> {
        let cookies = request
            .headers()
            .iter()
            .filter(|it| it.field.equiv("Cookie"));
        let mut parts = cookies.flat_map(|it| it.value.as_str().split("; "));
        let id = parts.find_map(|part| part.strip_prefix(&format!("{}=", self.cookie)))?;
        self.sessions.contains_key(id).then(|| id.to_owned())
    }
}

fn text(body: &str) -> Answer {
    Response::from_string(body).with_header(header("Content-Type", "text/html; charset=utf-8"))
}

fn json(value: &Value) -> Answer {
    Response::from_string(value.to_string()).with_header(header("Content-Type", "application/json"))
}

fn error(why: &str) -> Answer {
    json(&json!({ "error": why }))
}

fn redirect(address: &str) -> Answer {
    text("")
        .with_status_code(303)
        .with_header(header("Location", address))
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("addresses, cookies and types of content are ASCII")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
