//! What an administrator looks for in the list of sessions: from a link, and back into one.

use std::time::Duration;

use url::form_urlencoded::Serializer;

use crate::clock::Timestamp;
use crate::entropy::{ClientId, UserId};
use crate::pages::parts::Link;
use crate::protocol::params::Params;
use crate::provider::{SessionCursor, SessionQuestion, SessionState};
use crate::session::question::at_least;

/// Beyond this nobody types.
const TYPED: usize = 200;
/// Longer than any id of a person or an app.
const ID: usize = 512;
const DAY: i64 = 86_400_000;

/// What is looked for. What is not understood is left out, and said.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) q: String,
    pub(super) client: Option<ClientId>,
    pub(super) began: Began,
    pub(super) idle: Idle,
    pub(super) acr_below: Option<String>,
    pub(super) state: SessionState,
    pub(super) user: Option<UserId>,
    pub(super) cursor: Option<SessionCursor>,
    pub(super) problems: Vec<String>,
}

/// When a session began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Began {
    #[default]
    Any,
    LastHour,
    Today,
    OverAWeekAgo,
}

impl Began {
    pub(super) const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Any, "", "Any time"),
        (Self::LastHour, "hour", "Last hour"),
        (Self::Today, "today", "Today (UTC)"),
        (Self::OverAWeekAgo, "week", "Over 7 days ago"),
    ];
}

/// When a session was last active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Idle {
    #[default]
    Any,
    OverAnHour,
    OverADay,
    OverAWeek,
}

impl Idle {
    pub(super) const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Any, "", "Any time"),
        (Self::OverAnHour, "hour", "Over an hour ago"),
        (Self::OverADay, "day", "Over a day ago"),
        (Self::OverAWeek, "week", "Over 7 days ago"),
    ];

    const fn since(self) -> Option<Duration> {
        match self {
            Self::Any => None,
            Self::OverAnHour => Some(Duration::from_hours(1)),
            Self::OverADay => Some(Duration::from_hours(24)),
            Self::OverAWeek => Some(Duration::from_hours(7 * 24)),
        }
    }
}

/// The states of the list, their words in links, and on the page.
pub(super) const STATES: [(SessionState, &str, &str); 3] = [
    (SessionState::Live, "", "Live"),
    (SessionState::Ended, "ended", "Ended"),
    (SessionState::Any, "both", "Both"),
];

impl Filter {
    /// From the parameters of a page.
    pub(super) fn read(params: &Params) -> Self {
        let mut filter = Self::default();
        let text = |name| {
            params
                .get(name)
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        if let Some(q) = text("q") {
            filter.q = q.chars().take(TYPED).collect();
            if filter.q.len() < q.len() {
                let problem = "What you typed is longer than 200 characters: we looked for its \
                               beginning.";
                filter.problems.push(problem.to_owned());
            }
        }
        let client = text("client").and_then(|id| filter.id(id, "app"));
        filter.client = client.map(ClientId::new);
        let user = text("user").and_then(|id| filter.id(id, "person"));
        filter.user = user.map(UserId::new);
        if let Some(word) = text("began") {
            let known = Began::ALL.into_iter().find(|(_, name, _)| *name == word);
            match known {
                Some((began, ..)) => filter.began = began,
                None => filter.not_known("began", word, "any time"),
            }
        }
        if let Some(word) = text("idle") {
            let known = Idle::ALL.into_iter().find(|(_, name, _)| *name == word);
            match known {
                Some((idle, ..)) => filter.idle = idle,
                None => filter.not_known("idle", word, "any time"),
            }
        }
        if let Some(acr) = text("acr_below") {
            match at_least(acr) {
                Some(_) => filter.acr_below = Some(acr.to_owned()),
                None => filter.not_known("acr_below", acr, "any way of signing in"),
            }
        }
        if let Some(word) = text("state").filter(|word| *word != "live") {
            let known = STATES.into_iter().find(|(_, name, _)| *name == word);
            match known {
                Some((state, ..)) => filter.state = state,
                None => filter.not_known("state", word, "live sessions"),
            }
        }
        if let Some(link) = text("page") {
            filter.cursor = SessionCursor::parse(link);
            if filter.cursor.is_none() {
                let problem = "The link to this place in the list is broken: these are the newest.";
                filter.problems.push(problem.to_owned());
            }
        }
        filter
    }

    /// From the query that a form brings back.
    pub(super) fn from_query(query: &str) -> Self {
        Params::parse(query).map_or_else(|_| Self::default(), |params| Self::read(&params))
    }

    fn id<'a>(&mut self, id: &'a str, what: &str) -> Option<&'a str> {
        let possible = id.len() <= ID && !id.chars().any(char::is_control);
        if !possible {
            let problem =
                format!("No {what} can have such an id: sessions of every {what} are shown.");
            self.problems.push(problem);
        }
        possible.then_some(id)
    }

    fn not_known(&mut self, field: &str, word: &str, instead: &str) {
        let word: String = word.chars().take(40).collect();
        let problem = format!("“{word}” is no choice for “{field}”: {instead} it is.");
        self.problems.push(problem);
    }

    /// The person or app is not there: everybody's sessions are shown.
    pub(super) fn drop_user(&mut self) {
        self.user = None;
        let problem = "No person has this id: everybody’s sessions are shown.";
        self.problems.push(problem.to_owned());
    }

    /// The app is not there: sessions with every app are shown.
    pub(super) fn drop_client(&mut self) {
        self.client = None;
        let problem = "No app has this id: sessions with any app are shown.";
        self.problems.push(problem.to_owned());
    }

    /// Whether anything narrows the list but the state.
    pub(super) fn narrows(&self) -> bool {
        !self.q.is_empty()
            || self.client.is_some()
            || self.user.is_some()
            || self.began != Began::Any
            || self.idle != Idle::Any
            || self.acr_below.is_some()
    }

    /// What to ask.
    pub(super) fn question(&self, now: Timestamp) -> SessionQuestion {
        let millis = now.as_millis();
        let midnight = Timestamp::from_millis(millis - millis.rem_euclid(DAY));
        let week_ago = now - Duration::from_hours(7 * 24);
        let (since, before) = match self.began {
            Began::Any => (None, None),
            Began::LastHour => (Some(now - Duration::from_hours(1)), None),
            Began::Today => (Some(midnight), None),
            Began::OverAWeekAgo => (None, Some(week_ago)),
        };
        SessionQuestion {
            q: self.q.clone(),
            user: self.user.clone(),
            client: self.client.clone(),
            since,
            before,
            idle_since: self.idle.since().map(|ago| now - ago),
            acr_below: self.acr_below.clone(),
            state: self.state,
            now,
        }
    }

    /// The same search as a query, at a place in the list.
    pub(super) fn query(&self, cursor: Option<&SessionCursor>) -> String {
        let word = |list: &[(bool, &'static str)]| {
            let chosen = list.iter().find(|(chosen, _)| *chosen);
            chosen.map_or("", |(_, word)| *word)
        };
        let began = word(&Began::ALL.map(|(began, word, _)| (began == self.began, word)));
        let idle = word(&Idle::ALL.map(|(idle, word, _)| (idle == self.idle, word)));
        let state = word(&STATES.map(|(state, word, _)| (state == self.state, word)));
        let cursor = cursor.map(ToString::to_string).unwrap_or_default();
        let pairs = [
            ("q", self.q.as_str()),
            ("client", self.client.as_ref().map_or("", ClientId::as_str)),
            ("began", began),
            ("idle", idle),
            ("acr_below", self.acr_below.as_deref().unwrap_or_default()),
            ("state", state),
            ("user", self.user.as_ref().map_or("", UserId::as_str)),
            ("page", &cursor),
        ];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        Serializer::new(String::new()).extend_pairs(given).finish()
    }

    /// The address of the list at a place in it.
    pub(super) fn address(&self, cursor: Option<&SessionCursor>) -> String {
        let query = self.query(cursor);
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/admin/sessions{mark}{query}")
    }

    /// The same as a link.
    pub(super) fn link(&self, cursor: Option<&SessionCursor>) -> Option<Link> {
        Link::new(&self.address(cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Filter {
        Filter::read(&Params::parse_list(query).unwrap())
    }

    #[test]
    fn a_search_goes_into_a_link_and_back() {
        for query in [
            "",
            "q=alice+moreau",
            "q=%22%3C%26&client=wiki&began=hour&idle=day&state=ended&user=u1",
            "idle=week&acr_below=urn%3Alanyard%3Aacr%3Apwd",
            "began=week&state=both&page=older.1700000000000.ABCD-EFGH-2345",
        ] {
            let filter = read(query);
            assert_eq!(filter.problems, [""; 0], "{query}");
            assert_eq!(filter.query(filter.cursor.as_ref()), query);
        }
        assert_eq!(read("state=live").query(None), "");
        assert_eq!(read("q=a").address(None), "/admin/sessions?q=a");
        assert_eq!(read("").address(None), "/admin/sessions");
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_said() {
        for query in [
            "began=yesterday",
            "state=dead",
            "idle=never",
            "acr_below=urn%3Aexample%3Agold",
            "page=somewhere",
            "user=%00",
            &format!("client={}", "a".repeat(ID + 1)),
            &format!("q={}", "é".repeat(TYPED + 1)),
        ] {
            let filter = read(query);
            assert_eq!(filter.problems.len(), 1, "{query}");
            let question = filter.question(Timestamp::from_secs(1));
            assert!(question.user.is_none() && question.client.is_none());
            assert_eq!(question.state, SessionState::Live);
        }
    }

    #[test]
    fn times_are_counted_from_now_and_days_from_midnight() {
        let now = Timestamp::from_secs(1_773_324_302);
        let at = |query: &str| {
            let question = read(query).question(now);
            (
                question.since.map(Timestamp::as_secs),
                question.before.map(Timestamp::as_secs),
            )
        };
        assert_eq!(at(""), (None, None));
        assert_eq!(at("began=hour"), (Some(1_773_320_702), None));
        assert_eq!(at("began=today"), (Some(1_773_273_600), None));
        assert_eq!(at("began=week"), (None, Some(1_772_719_502)));
    }
}
