//! Addresses of admin pages, for links between them.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::entropy::{ClientId, UserId};
use crate::pages::parts::Link;

/// What stands for itself in a part of a path (RFC 3986, 2.3), but dots: a part that is ".." would
/// lead elsewhere.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// A person's page.
pub(super) fn person(id: &UserId) -> Option<Link> {
    within("/admin/people/", id.as_str())
}

/// An app's page.
pub(super) fn app(id: &ClientId) -> Option<Link> {
    within("/admin/apps/", id.as_str())
}

/// The sessions in which an app takes part; of a state, if one is named.
pub(super) fn sessions_of_app(id: &ClientId, state: &str) -> Option<Link> {
    with_query(
        "/admin/sessions",
        &[("client", id.as_str()), ("state", state)],
    )
}

/// What was done to an app.
pub(super) fn audit_of_app(id: &ClientId) -> Option<Link> {
    with_query("/admin/audit", &[("app", id.as_str())])
}

/// A session's page, by its reference.
pub(super) fn session(reference: &str) -> Option<Link> {
    within("/admin/sessions/", reference)
}

/// An end of very many sessions, by its name.
pub(super) fn mass_end(name: &str) -> String {
    format!("/admin/ends/{name}")
}

fn within(folder: &str, part: &str) -> Option<Link> {
    if part.is_empty() {
        return None;
    }
    Link::new(&format!("{folder}{}", utf8_percent_encode(part, PLAIN)))
}

/// A page with a query of what is not empty.
pub(super) fn with_query(path: &str, pairs: &[(&str, &str)]) -> Option<Link> {
    let mut address = path.to_owned();
    let mut mark = '?';
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let value = utf8_percent_encode(value, PLAIN);
        // Writing to a text does not fail.
        let _ = write!(address, "{mark}{name}={value}");
        mark = '&';
    }
    Link::new(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_id_holds_it_stays_an_id() {
        for (id, expected) in [
            ("wiki-2_a~", "/admin/apps/wiki-2_a~"),
            ("..", "/admin/apps/%2E%2E"),
            ("a/b?c#d e", "/admin/apps/a%2Fb%3Fc%23d%20e"),
            ("é\"", "/admin/apps/%C3%A9%22"),
        ] {
            let link = app(&ClientId::new(id)).expect(id);
            assert_eq!(link.as_str(), expected);
        }
        assert_eq!(app(&ClientId::new("")), None);
        let link = person(&UserId::new("../a?b")).expect("a link");
        assert_eq!(link.as_str(), "/admin/people/%2E%2E%2Fa%3Fb");
        assert_eq!(person(&UserId::new("")), None);
    }

    #[test]
    fn a_query_holds_what_was_asked() {
        let link = with_query("/admin/audit", &[("a", ""), ("b", "x&y=z"), ("c", "1")]);
        assert_eq!(
            link.expect("a link").as_str(),
            "/admin/audit?b=x%26y%3Dz&c=1"
        );
        let link = with_query("/admin/audit", &[]);
        assert_eq!(link.expect("a link").as_str(), "/admin/audit");
    }
}
