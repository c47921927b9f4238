//! What must hold of every page in every state.

use std::collections::BTreeSet;

use super::{Rendered, all_samples, assets};

fn pages() -> impl Iterator<Item = (String, Rendered)> {
    let all = all_samples().expect("every sample renders").into_iter();
    all.map(|page| (format!("{} {}", page.kind, page.sample), page))
}

/// The opening tags of one kind: `tags(html, "input")`.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}");
    html.match_indices(&open)
        .map(|(at, _)| &html[at..])
        .filter(|rest| rest[open.len()..].starts_with([' ', '>', '\n']))
        .map(|rest| &rest[..=rest.find('>').expect("tags are closed")])
        .collect()
}

/// What stands between each pair: `insides(html, "<title>", "</title>")`.
fn insides<'a>(html: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    html.split(open)
        .skip(1)
        .map(|rest| rest.split(close).next().expect("split gives one"))
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    insides(tag, &format!(" {name}=\""), "\"").first().copied()
}

#[test]
fn nothing_is_inline_and_nothing_foreign_is_loaded() {
    for (name, page) in pages() {
        let html = &page.html;
        assert!(tags(html, "style").is_empty(), "{name}: a style element");
        for script in tags(html, "script") {
            let src = attribute(script, "src").expect("scripts are files");
            assert!(src.starts_with("/static/"), "{name}: {src}");
        }
        for tag in insides(html, "<", ">") {
            let attributes = tag.split_whitespace().skip(1);
            for attribute in attributes.filter(|word| word.contains('=')) {
                let handler = attribute.starts_with("on") || attribute.starts_with("style");
                assert!(!handler, "{name}: {attribute}");
            }
        }
    }
}

#[test]
fn hostile_names_stay_text() {
    let mut seen = BTreeSet::new();
    for (name, page) in pages().filter(|(_, page)| page.sample == "hostile") {
        let html = page.html.to_lowercase();
        assert!(!html.contains("<script>"), "{name}");
        assert!(
            html.contains("&#60;script&#62;alert(&#39;x&#39;)"),
            "{name}"
        );
        assert!(!html.contains("\"onclick"), "{name}");
        seen.insert(page.kind);
    }
    let without = pages().map(|(_, page)| page.kind);
    let without: BTreeSet<_> = without.filter(|kind| !seen.contains(kind)).collect();
    assert_eq!(
        without.into_iter().collect::<Vec<_>>(),
        ["admin-confirmed", "message", "setup-void"],
        "every page that shows names has a hostile sample"
    );
}

#[test]
fn each_form_of_ours_carries_the_anti_forgery_token() {
    // A code that somebody types changes nothing: what it leads to asks, and has the token.
    let without = ["form-post", "device-code"];
    for (name, page) in pages().filter(|(_, page)| !without.contains(&page.kind)) {
        for form in insides(&page.html, "<form", "</form>") {
            if form.contains(" method=\"get\"") {
                // A search changes nothing, and its address is passed on.
                assert!(form.contains(" role=\"search\""), "{name}");
                assert!(!form.contains("csrf"), "{name}");
                continue;
            }
            assert!(form.contains(" method=\"post\""), "{name}");
            assert!(form.contains(" action=\"/"), "{name}");
            let token = "<input type=\"hidden\" name=\"csrf\" value=\"sample-csrf\">";
            assert!(form.contains(token), "{name}");
        }
    }
}

#[test]
fn a_form_for_an_app_never_carries_our_token() {
    for (name, page) in pages().filter(|(_, page)| page.kind == "form-post") {
        assert!(!page.html.contains("csrf"), "{name}");
    }
}

#[test]
fn each_page_has_a_title_one_heading_and_its_marker() {
    for (name, page) in pages() {
        let html = &page.html;
        assert!(
            html.starts_with("<!doctype html>\n<html lang=\"en\">"),
            "{name}"
        );
        let [title] = insides(html, "<title>", "</title>")[..] else {
            panic!("{name}: one title");
        };
        assert!(
            title.ends_with(" – Lanyard") && title.len() > 12,
            "{name}: {title}"
        );
        let [heading] = insides(html, "<h1", "</h1>")[..] else {
            panic!("{name}: one h1");
        };
        let (_, heading) = heading.split_once('>').expect("tags are closed");
        assert!(heading.contains(page.marker), "{name}: {heading}");
        assert_eq!(tags(html, "main").len(), 1, "{name}");
        let alert = html.contains("role=\"alert\"");
        let warned = ["Problem: ", "Please wait: "]
            .iter()
            .any(|word| title.starts_with(word));
        assert_eq!(alert, warned, "{name}: {title}");
    }
}

#[test]
fn each_control_has_a_label_and_each_id_is_one() {
    for (name, page) in pages() {
        let html = &page.html;
        let others = ["select", "textarea"].map(|kind| tags(html, kind));
        let others = others.into_iter().flatten();
        for input in tags(html, "input").into_iter().chain(others) {
            if attribute(input, "type") == Some("hidden") {
                continue;
            }
            let labelled = attribute(input, "id")
                .is_some_and(|id| html.contains(&format!("<label for=\"{id}\">")));
            let wrapped = ["check", "pick"].iter().any(|class| {
                let open = format!("<label class=\"{class}\">");
                let labels = insides(html, &open, "</label>");
                labels.iter().any(|label| label.contains(input))
            });
            assert!(labelled || wrapped, "{name}: {input}");
        }
        let ids = insides(html, " id=\"", "\"");
        let distinct: BTreeSet<_> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "{name}: {ids:?}");
        for attribute in [" aria-labelledby=\"", " aria-describedby=\""] {
            let named = insides(html, attribute, "\"").into_iter();
            for id in named.flat_map(str::split_whitespace) {
                assert!(ids.contains(&id), "{name}: {id}");
            }
        }
        for image in tags(html, "img") {
            assert_eq!(attribute(image, "alt"), Some(""), "{name}: {image}");
        }
    }
}

#[test]
fn each_file_a_page_names_exists_under_its_hash() {
    for (name, page) in pages() {
        for path in insides(&page.html, "\"/static/", "\"") {
            let asset = assets::asset(&format!("/static/{path}"));
            assert!(asset.is_some_and(|asset| asset.immutable), "{name}: {path}");
        }
    }
}

#[test]
fn enter_never_cancels() {
    for (name, page) in pages() {
        for form in insides(&page.html, "<form", "</form>") {
            let values: Vec<_> = tags(form, "button")
                .iter()
                .filter_map(|button| attribute(button, "value"))
                .collect();
            let first = values.first().copied().unwrap_or("sign_out");
            assert!(
                !["cancel", "deny", "stay"].contains(&first),
                "{name}: {values:?}"
            );
        }
    }
}

/// Kind, sample, and what scripts, tests and conformance suites look for there.
const NAMES: [(&str, &str, &[&str]); 8] = [
    (
        "sign-in",
        "error",
        &[
            "name=\"username\" value=\"alice\"",
            "name=\"password\" type=\"password\"",
            "name=\"remember_me\"",
            "id=\"login-submit\" name=\"action\" value=\"sign_in\"",
            "name=\"action\" value=\"cancel\" formnovalidate",
            "aria-invalid=\"true\" aria-describedby=\"sign-in-problem\" autofocus",
        ],
    ),
    (
        "consent",
        "full",
        &[
            "id=\"consent-allow\" name=\"action\" value=\"allow\"",
            "id=\"consent-deny\" name=\"action\" value=\"deny\"",
        ],
    ),
    (
        "choose-account",
        "alice",
        &["value=\"continue\"", "value=\"switch\"", "value=\"cancel\""],
    ),
    (
        "sign-out",
        "three-apps",
        &[
            "id=\"logout-confirm\" name=\"action\" value=\"logout\"",
            "value=\"stay\"",
        ],
    ),
    (
        "signed-out",
        "frames",
        &[
            "data-continue",
            "id=\"check-again\"",
            "<iframe hidden",
            "data-waiting",
        ],
    ),
    ("form-post", "code", &["id=\"form-post\"", "name=\"code\""]),
    (
        "account-sessions",
        "three",
        &[
            "name=\"session\" value=\"phone\"",
            "value=\"end\"",
            "value=\"end_others\"",
        ],
    ),
    (
        "account-apps",
        "two",
        &["name=\"client\" value=\"notes\"", "value=\"withdraw\""],
    ),
];

#[test]
fn names_that_scripts_and_suites_rely_on_stand() {
    for (kind, sample, parts) in NAMES {
        let found = pages().find(|(_, page)| page.kind == kind && page.sample == sample);
        let html = found.expect("a sample").1.html;
        for part in parts {
            assert!(html.contains(part), "{part}\n{html}");
        }
    }
}

#[test]
fn a_password_is_never_sent_back() {
    for (name, page) in pages() {
        for input in tags(&page.html, "input") {
            let secret = attribute(input, "type") == Some("password");
            assert!(!secret || attribute(input, "value").is_none(), "{name}");
        }
    }
}
