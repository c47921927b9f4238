//! What is asked: what the pages ask, and some that nobody should.

use lanyard::entropy::{ClientId, UserId};
use lanyard::store::record::{AuditQuestion, SessionCursor, SessionQuestion, SessionState};

use super::rows::{self, NOW, began_at};

/// A name, a question, and where its page begins.
pub(crate) type List = (&'static str, SessionQuestion, Option<SessionCursor>);

/// Somebody who is there, with about twenty sessions.
const SOMEBODY: &str = "u_00123";

pub(crate) fn lists() -> Vec<List> {
    let mut all = pages();
    all.extend(typed_ones());
    all.extend(joined());
    all
}

fn in_state(state: SessionState) -> SessionQuestion {
    SessionQuestion {
        state,
        ..SessionQuestion::live(NOW)
    }
}

fn typed(q: &str) -> SessionQuestion {
    SessionQuestion {
        q: q.to_owned(),
        ..SessionQuestion::live(NOW)
    }
}

fn at(client: &str, question: SessionQuestion) -> SessionQuestion {
    SessionQuestion {
        client: Some(ClientId::new(client)),
        ..question
    }
}

/// So many hundred thousandths of the list down.
fn cursor(way: &str, down: i64) -> Option<SessionCursor> {
    SessionCursor::parse(&format!("{way}.{}.MMMM-MMMM-MMMM", began_at(down)))
}

fn pages() -> Vec<List> {
    let live = || in_state(SessionState::Live);
    vec![
        ("first page, live", live(), None),
        (
            "first page, live and ended",
            in_state(SessionState::Any),
            None,
        ),
        ("first page, ended", in_state(SessionState::Ended), None),
        ("next page", live(), cursor("older", 10)),
        ("page in the middle", live(), cursor("older", 50_000)),
        ("… the other way", live(), cursor("newer", 50_000)),
        ("last page", live(), cursor("older", 99_999)),
    ]
}

fn typed_ones() -> Vec<List> {
    let ended = SessionQuestion {
        state: SessionState::Ended,
        ..typed("firefox")
    };
    let middle = cursor("older", 50_000);
    vec![
        ("person by username", typed("person00123"), None),
        ("person by family name", typed("family00123"), None),
        (
            "beginning of many names (30 people are searched)",
            typed("person0"),
            None,
        ),
        ("whole address", typed("10.17.3.99"), None),
        ("IPv6 address", typed("2001:db8:77::1"), None),
        ("beginning of an address, one in 90", typed("10.17."), None),
        ("beginning of an address, most", typed("10."), None),
        ("range of 128 networks", typed("10.0.0.0/9"), None),
        ("browser: firefox", typed("firefox"), None),
        ("… page in the middle", typed("firefox"), middle),
        ("… ended", ended, None),
        ("browser that nobody has", typed("epiphany freebsd"), None),
        ("reference", typed(&rows::reference()), None),
        ("nobody", typed("zzz"), None),
    ]
}

fn joined() -> Vec<List> {
    let live = || in_state(SessionState::Live);
    let person = SessionQuestion {
        user: Some(UserId::new(SOMEBODY)),
        ..in_state(SessionState::Any)
    };
    vec![
        ("a person's page", person.clone(), None),
        ("app: wiki", at("wiki", live()), None),
        ("app that few use", at("rare", live()), None),
        ("app and browser", at("wiki", typed("firefox")), None),
        ("app and person", at("wiki", person), None),
        ("app and browser that never meet", never(), None),
    ]
}

/// Two conditions that many sessions meet, and none meets both.
fn never() -> SessionQuestion {
    at("blog", typed("opera"))
}

pub(crate) fn counts() -> Vec<(&'static str, SessionQuestion)> {
    vec![
        ("count: firefox (as far as 1 000)", typed("firefox")),
        ("count: one address", typed("10.17.3.99")),
        ("count: app and browser that never meet", never()),
    ]
}

pub(crate) fn audits() -> Vec<(&'static str, AuditQuestion)> {
    let some = |text: &str| Some(text.to_owned());
    let all = AuditQuestion::default;
    let of_person = AuditQuestion {
        person: Some(UserId::new(SOMEBODY)),
        ..all()
    };
    let of_session = AuditQuestion {
        session: Some(rows::reference()),
        ..all()
    };
    let two = AuditQuestion {
        action: some("sign_in_failed"),
        actor: some("system"),
        ..all()
    };
    vec![
        ("audit, first page", all()),
        ("audit of a person", of_person),
        ("audit of a session", of_session),
        ("audit by action and actor", two),
    ]
}
