//! Which test shows which demand of OpenID certification. A test carries the numbers of the demands
//! that it shows in its documentation: `/// Conformance: 13, R2.` From these and the list below
//! `docs/conformance.md` is written:
//!
//! ```sh
//! LANYARD_WRITE_DOCS=1 cargo test --test it conformance
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// What is demanded, by number. Numbers with a letter are checked in every flow.
const DEMANDS: [(&str, &str); 46] = [
    (
        "R1",
        "Discovery names issuer, authorization and token endpoint; the key set has distinct `kid`s and public members only",
    ),
    (
        "R2",
        "Discovery lists the ways in which clients authenticate, and each works",
    ),
    (
        "R3",
        "Parameters of a request come in any order, with `state` and `nonce` of usual lengths and letters",
    ),
    (
        "R4",
        "An answer comes in its mode: query for codes, fragment where tokens are, a form that is posted; `state` and `iss` are right, the query of a redirect URI stays",
    ),
    (
        "R5",
        "An error carries no code, the `state`, and only registered members in their letters",
    ),
    ("R6", "Credentials in HTTP Basic are form-decoded"),
    (
        "R7",
        "A token answer has an access token, its type, an ID token, and `expires_in` as a number",
    ),
    (
        "R8",
        "ID tokens have each claim in its type and range, and verify by the key set",
    ),
    ("R9", "In hybrid flows both ID tokens have the same `sub`"),
    ("R10", "Userinfo answers after each flow"),
    (
        "R11",
        "A registration is answered 201 in JSON with secret and its end, address and token; deletion 204",
    ),
    (
        "R12",
        "A registration takes names, grant types, keys, methods, response types, redirect URIs, contacts",
    ),
    (
        "R13",
        "Members of documents are only those that the specifications know",
    ),
    (
        "1",
        "Authorization by GET and by POST are alike; unknown parameters are ignored; scopes are a set",
    ),
    (
        "2",
        "Client and redirect URI are checked before anything may redirect; on failure a page and no `Location`",
    ),
    (
        "3",
        "Each later error goes back to the app, in the mode in force",
    ),
    (
        "4",
        "A confidential client can be let off PKCE; whoever sends a challenge must verify it",
    ),
    (
        "5",
        "`nonce` is optional for codes and stays intact; it is demanded where an ID token leaves the authorization endpoint",
    ),
    (
        "6",
        "`prompt`: none, login, consent, select_account; none with others is refused",
    ),
    (
        "7",
        "`max_age` counts from the last proof; `auth_time` is always said",
    ),
    ("8", "`auth_time` changes by a real proof only"),
    (
        "9",
        "`id_token_hint` is verified, also after its end; another person is `login_required`",
    ),
    (
        "10",
        "`display`, `ui_locales`, `claims_locales`, `login_hint`, `acr_values` are accepted",
    ),
    (
        "11",
        "The `claims` parameter is honoured, and never fails for unknown claims",
    ),
    (
        "12",
        "`request` and `request_uri` are processed or refused by name, never ignored; discovery says which",
    ),
    ("13", "`iss` is in each answer, and discovery says so"),
    (
        "14",
        "The page of `form_post` has escaped inputs, submits by a script file, and has a button",
    ),
    (
        "15",
        "A code is used once, within a minute, by its client; a second use ends what the first yielded, at once",
    ),
    (
        "16",
        "RS256 is the default; each header has a `kid`; retired keys stay published, new ones come ahead",
    ),
    (
        "17",
        "ID tokens have the claims of the protocol, and those of scopes only where no access token is given",
    ),
    ("18", "`sub` is stable and short; pairwise with a sector"),
    ("19", "Token errors are JSON, 400 or 401, and not stored"),
    (
        "20",
        "Clients authenticate by secret and by assertion; keys are fetched again for an unknown `kid`, at a bounded rate",
    ),
    (
        "21",
        "Refresh: after `offline_access` and consent; bound to the client; narrower scopes; the same `auth_time`",
    ),
    (
        "22",
        "Userinfo by GET, header and form; claims by scope and by `claims`; empty ones left out; JSON types; signed where registered",
    ),
    ("23", "All claims of `profile`, address and phone exist"),
    (
        "24",
        "Registration fills in defaults, reads, deletes, and names what is wrong",
    ),
    (
        "25",
        "The sign-in page shows the client's name, logo, policy and terms",
    ),
    (
        "26",
        "One `sid` for each session and app, in each token of that sign-in",
    ),
    (
        "27",
        "Logout: straight back only for a good hint and a registered address; else a page, never a redirect",
    ),
    (
        "28",
        "Frames of the logout page are waited for, then it goes on, also by a plain link; back-channel posts hold up nobody",
    ),
    (
        "29",
        "After a logout the cookie is dead: `prompt=none` is `login_required` at once",
    ),
    (
        "30",
        "`session_state` and the check iframe, where they are on",
    ),
    (
        "31",
        "Outbound requests are guarded, with an allowance for tests",
    ),
    (
        "32",
        "Pages work without scripts, with stable ids and texts",
    ),
    ("33", "Cancelling at sign-in and consent is `access_denied`"),
];

/// Demands that no test shows yet, and why.
const OPEN: &[(&str, &str)] = &[];

const MARK: &str = "/// Conformance: ";
const DOCUMENT: &str = "docs/conformance.md";

/// Tests by the demands that they show, from the documentation of the tests themselves.
fn shown() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = BTreeMap::new();
    for (folder, name) in [("tests/it", ""), ("src", "")] {
        below(&root.join(folder), name, &mut all);
    }
    all
}

fn below(folder: &Path, module: &str, all: &mut BTreeMap<String, Vec<String>>) {
    let mut entries: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let joined = if module.is_empty() {
            stem.to_owned()
        } else {
            format!("{module}::{stem}")
        };
        if path.is_dir() {
            below(&path, &joined, all);
        } else if path.extension().is_some_and(|kind| kind == "rs") && stem != "conformance" {
            let module = joined.strip_suffix("::mod").unwrap_or(&joined);
            read(&std::fs::read_to_string(&path).unwrap(), module, all);
        }
    }
}

fn read(text: &str, module: &str, all: &mut BTreeMap<String, Vec<String>>) {
    let mut numbers: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(listed) = line.strip_prefix(MARK) {
            let listed = listed.trim_end_matches('.').split(", ");
            numbers.extend(listed.map(str::to_owned));
        } else if let Some(name) = function(line) {
            for number in numbers.drain(..) {
                all.entry(number)
                    .or_default()
                    .push(format!("{module}::{name}"));
            }
        }
    }
    assert_eq!(numbers, [""; 0], "a mark without a test in {module}");
}

fn function(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("async fn ")
        .or_else(|| line.strip_prefix("fn "))?;
    rest.split('(').next()
}

fn document(shown: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = "# Conformance\n\n\
        What OpenID certification demands of a provider (Basic, Implicit, Hybrid, Config, Dynamic, \
        Form Post, third-party-initiated login, and the four logout profiles), and which of our \
        tests shows it. We claim no certificate: the suite of the OpenID Foundation is run \
        elsewhere. Written by `LANYARD_WRITE_DOCS=1 cargo test --test it conformance`.\n\n\
        | demand | | state | tests |\n|---|---|---|---|\n"
        .to_owned();
    for (number, words) in DEMANDS {
        let tests = shown.get(number).map(Vec::as_slice).unwrap_or_default();
        let open = OPEN.iter().find(|(open, _)| *open == number);
        let state = match (open, tests.is_empty()) {
            (Some((_, why)), _) => format!("open: {why}"),
            (None, true) => "open".to_owned(),
            (None, false) => "shown".to_owned(),
        };
        let tests: Vec<_> = tests.iter().map(|test| format!("`{test}`")).collect();
        writeln!(
            text,
            "| {number} | {words} | {state} | {} |",
            tests.join(", ")
        )
        .unwrap();
    }
    text
}

#[test]
fn each_demand_is_shown_by_a_test_or_said_to_be_open() {
    let shown = shown();
    for (number, words) in DEMANDS {
        let open = OPEN.iter().any(|(open, _)| *open == number);
        assert!(open || shown.contains_key(number), "{number}: {words}");
    }
    for number in shown.keys() {
        assert!(
            DEMANDS.iter().any(|(known, _)| known == number),
            "there is no demand {number}"
        );
    }
}

#[test]
fn the_document_says_what_the_tests_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let text = document(&shown());
    if std::env::var_os("LANYARD_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{DOCUMENT} is not as it would be written now"
    );
}
