//! What an administrator looks for in the list of people: from a link, and back into one.

use url::form_urlencoded::Serializer;

use crate::pages::parts::Link;
use crate::protocol::params::Params;
use crate::store::record::{Cursor, PeopleQuestion, Which};

/// Beyond this nobody types.
const TYPED: usize = 200;

/// Which people, their words in links, and on the page.
pub(super) const WHO: [(Which, &str, &str); 4] = [
    (Which::Everybody, "", "Everybody"),
    (Which::Enabled, "enabled", "Enabled"),
    (Which::Disabled, "disabled", "Disabled"),
    (Which::Administrators, "administrators", "Administrators"),
];

/// What is looked for. What is not understood is left out, and said.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) q: String,
    pub(super) which: Which,
    pub(super) cursor: Option<Cursor>,
    pub(super) problems: Vec<String>,
}

impl Filter {
    /// From the parameters of the page.
    pub(super) fn read(params: &Params) -> Self {
        let mut filter = Self::default();
        let text = |name| {
            let text = params.get(name).map(str::trim);
            text.filter(|text| !text.is_empty())
        };
        if let Some(q) = text("q") {
            filter.q = q.chars().take(TYPED).collect();
            if filter.q.len() < q.len() {
                filter.says(
                    "What you typed is longer than 200 characters: we looked for its beginning.",
                );
            }
        }
        if let Some(word) = text("who") {
            let known = WHO.into_iter().find(|(_, known, _)| *known == word);
            if let Some((which, ..)) = known {
                filter.which = which;
            } else {
                let word: String = word.chars().take(40).collect();
                let problem = format!("“{word}” is no choice for “who”: everybody is shown.");
                filter.says(&problem);
            }
        }
        if let Some(link) = text("page") {
            filter.cursor = Cursor::decode(link);
            if filter.cursor.is_none() {
                filter.says("The link to this place in the list is broken: this is its beginning.");
            }
        }
        filter
    }

    fn says(&mut self, problem: &str) {
        self.problems.push(problem.to_owned());
    }

    /// What to ask.
    pub(super) fn question(&self, limit: u32) -> PeopleQuestion {
        PeopleQuestion {
            typed: self.q.clone(),
            which: self.which,
            after: self.cursor.clone(),
            limit,
        }
    }

    /// The same search at a place in the list.
    pub(super) fn link(&self, cursor: Option<&Cursor>) -> Option<Link> {
        let known = WHO.into_iter().find(|(which, ..)| *which == self.which);
        let page = cursor.map(Cursor::encode).unwrap_or_default();
        let pairs = [
            ("q", self.q.as_str()),
            ("who", known.map_or("", |(_, word, _)| word)),
            ("page", &page),
        ];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let query = Serializer::new(String::new()).extend_pairs(given).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        Link::new(&format!("/admin/people{mark}{query}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Filter {
        Filter::read(&Params::parse(query).unwrap())
    }

    #[test]
    fn a_search_goes_into_a_link_and_back() {
        for query in [
            "",
            "?q=alice+m",
            "?q=%22%3C%26&who=disabled",
            "?who=administrators&page=WyJhIiwidV9hIl0",
        ] {
            let filter = read(query.trim_start_matches('?'));
            assert_eq!(filter.problems, [""; 0], "{query}");
            let link = filter.link(filter.cursor.as_ref()).unwrap();
            assert_eq!(link.as_str(), format!("/admin/people{query}"));
        }
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_said() {
        let long = format!("q={}", "é".repeat(TYPED + 1));
        for query in ["who=dead", "page=somewhere", &long] {
            let filter = read(query);
            assert_eq!(filter.problems.len(), 1, "{query}");
            assert_eq!(filter.question(1).which, Which::Everybody);
            assert_eq!(filter.cursor, None);
        }
    }
}
