//! What is counted while the house runs, for Prometheus. A value that `app` makes and hands down:
//! two houses in one process count apart. The lowest room, so that every other may count.
//!
//! Labels are bounded: routes are patterns, methods and results are words of ours, and of clients
//! only so many are told apart. Nothing of a request itself (addresses, names, queries) is a label.

mod call;
mod clients;
mod families;
mod figures;

use std::sync::Arc;
use std::time::Duration;

use prometheus::{Encoder as _, IntCounterVec, TextEncoder};

pub use call::{Call, Store};
pub use figures::{Figures, Hashes, Recorded};

use families::Families;

/// The media type of [`Meters::page`]: the text format of Prometheus, version 0.0.4.
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// What is written for a route that is not ours, a method that is not known, and the clients
/// beyond the bound.
const OTHER: &str = "other";

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The meters are at odds with themselves: a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetersError(#[from] prometheus::Error);

/// What a try to sign in came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInResult {
    /// Signed in.
    Succeeded,
    /// The name is known, the password is another.
    WrongPassword,
    /// Nobody has this name.
    UnknownName,
    /// The person is disabled.
    Disabled,
    /// Too many tries: the password was not looked at.
    Throttled,
    /// Too many passwords are waiting to be checked.
    Busy,
    /// A store did not answer.
    Unavailable,
}

impl SignInResult {
    const ALL: [Self; 7] = [
        Self::Succeeded,
        Self::WrongPassword,
        Self::UnknownName,
        Self::Disabled,
        Self::Throttled,
        Self::Busy,
        Self::Unavailable,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::WrongPassword => "wrong_password",
            Self::UnknownName => "unknown_name",
            Self::Disabled => "disabled",
            Self::Throttled => "throttled",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What an attempt to deliver a notice came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeResult {
    /// The app took it.
    Delivered,
    /// It will be tried again.
    Retried,
    /// The app does not take it.
    Refused,
    /// It was tried for too long.
    GivenUp,
}

impl NoticeResult {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

/// The counters of one house. Cheap to clone; the default counts nothing.
#[derive(Clone, Default)]
pub struct Meters(Option<Arc<Families>>);

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "Meters(on)"
        } else {
            "Meters(off)"
        })
    }
}

impl Meters {
    /// New counters, all at zero.
    pub fn new() -> Result<Self, MetersError> {
        let meters = Self(Some(Arc::new(Families::new()?)));
        for result in SignInResult::ALL {
            meters.add(|all| &all.sign_ins, &[result.as_str()], 0);
        }
        Ok(meters)
    }

    /// Counts nothing.
    pub fn off() -> Self {
        Self::default()
    }

    /// Names the reasons for which sessions may end. A counter that is not there before its first
    /// event hides that event from `rate()`.
    pub fn foresee_reasons(&self, reasons: impl IntoIterator<Item = &'static str>) {
        for reason in reasons {
            self.sessions_ended(reason, 0);
        }
    }

    /// The same of proofs that may be refused.
    pub fn foresee_proofs(&self, reasons: impl IntoIterator<Item = &'static str>) {
        for reason in reasons {
            self.add(|all| &all.proofs_refused, &[reason], 0);
        }
    }

    /// A request was answered: the pattern of its route, if it has one.
    pub fn request(&self, route: Option<&str>, method: &str, status: u16, took: Duration) {
        let Some(all) = &self.0 else { return };
        let (route, method) = (route.unwrap_or(OTHER), bounded_method(method));
        let labels = [route, method, status_class(status)];
        self.add(|all| &all.requests, &labels, 1);
        let histogram = all
            .request_durations
            .get_metric_with_label_values(&labels[..2]);
        if let Ok(histogram) = histogram {
            histogram.observe(took.as_secs_f64());
        }
    }

    /// Somebody tried to sign in.
    pub fn sign_in(&self, result: SignInResult) {
        self.add(|all| &all.sign_ins, &[result.as_str()], 1);
    }

    /// So many sessions lived until now, and ended for this reason.
    pub fn sessions_ended(&self, reason: &'static str, number: u64) {
        self.add(|all| &all.sessions_ended, &[reason], number);
    }

    /// Something smaller than a session ended: a `client`'s part of it, or a `grant`.
    pub fn part_ended(&self, what: &'static str, reason: &'static str) {
        self.add(|all| &all.parts_ended, &[what, reason], 1);
    }

    /// An attempt to deliver a notice begins.
    pub fn notice_tried(&self, client: &str) {
        let Some(all) = &self.0 else { return };
        let client = all.clients.label(client);
        self.add(|all| &all.notice_attempts, &[client.as_str()], 1);
    }

    /// What it came to.
    pub fn notice(&self, client: &str, result: NoticeResult) {
        let Some(all) = &self.0 else { return };
        let client = all.clients.label(client);
        self.add(|all| &all.notices, &[client.as_str(), result.as_str()], 1);
    }

    /// The address guard let no attempt through.
    pub fn notice_blocked(&self, client: &str) {
        let Some(all) = &self.0 else { return };
        let client = all.clients.label(client);
        self.add(|all| &all.notices_blocked, &[client.as_str()], 1);
    }

    /// A proof of possession was refused, for this reason.
    pub fn proof_refused(&self, reason: &'static str) {
        self.add(|all| &all.proofs_refused, &[reason], 1);
    }

    /// A password was not checked, as too many were waiting.
    pub fn hash_refused(&self) {
        if let Some(all) = &self.0 {
            all.hashes_refused.inc();
        }
    }

    /// A call of a store begins; it is counted when what is returned is dropped.
    pub fn call(&self, store: Store, operation: &'static str) -> Call {
        Call::new(self.0.clone(), store, operation)
    }

    /// Everything counted, and the figures of this moment, as Prometheus reads it.
    pub fn page(&self, figures: &Figures) -> Result<String, MetersError> {
        let mut page = Vec::new();
        let encoder = TextEncoder::new();
        if let Some(all) = &self.0 {
            encoder.encode(&all.registry.gather(), &mut page)?;
        }
        encoder.encode(&figures::registry(figures)?.gather(), &mut page)?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }

    fn add(&self, family: impl Fn(&Families) -> &IntCounterVec, labels: &[&str], number: u64) {
        if let Some(all) = &self.0
            && let Ok(counter) = family(all).get_metric_with_label_values(labels)
        {
            counter.inc_by(number);
        }
    }
}

/// A method that programs send; whatever else was sent is one label.
pub fn bounded_method(method: &str) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or(OTHER)
}

const fn status_class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(meters: &Meters) -> String {
        meters.page(&Figures::default()).unwrap()
    }

    #[track_caller]
    fn assert_line(page: &str, line: &str) {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }

    #[test]
    fn requests_are_counted_by_pattern_known_method_and_class() {
        let meters = Meters::new().unwrap();
        let took = Duration::from_millis(3);
        meters.request(Some("/static/{file}"), "GET", 200, took);
        meters.request(Some("/static/{file}"), "GET", 204, took);
        meters.request(None, "BREW\"", 418, took);
        let page = page(&meters);
        for line in [
            "lanyard_http_requests_total{method=\"GET\",route=\"/static/{file}\",status=\"2xx\"} 2",
            "lanyard_http_requests_total{method=\"other\",route=\"other\",status=\"4xx\"} 1",
            "lanyard_http_request_duration_seconds_bucket{method=\"GET\",route=\"/static/{file}\",le=\"0.0025\"} 0",
            "lanyard_http_request_duration_seconds_bucket{method=\"GET\",route=\"/static/{file}\",le=\"0.005\"} 2",
            "# TYPE lanyard_http_request_duration_seconds histogram",
            "# TYPE lanyard_http_requests_total counter",
        ] {
            assert_line(&page, line);
        }
    }

    #[test]
    fn what_may_happen_is_there_before_it_happens() {
        let meters = Meters::new().unwrap();
        meters.foresee_reasons(["user", "idle"]);
        let page = page(&meters);
        assert_line(&page, "lanyard_sign_ins_total{result=\"wrong_password\"} 0");
        assert_line(&page, "lanyard_sessions_ended_total{reason=\"idle\"} 0");
        assert_line(&page, "lanyard_password_hashes_refused_total 0");
        let version = env!("CARGO_PKG_VERSION");
        assert_line(
            &page,
            &format!("lanyard_build_info{{version=\"{version}\"}} 1"),
        );
    }

    #[test]
    fn clients_beyond_the_bound_are_one() {
        let meters = Meters::new().unwrap();
        for number in 0..clients::MOST + 20 {
            meters.notice_tried(&format!("client-{number}"));
        }
        meters.notice("client-0", NoticeResult::GivenUp);
        meters.notice("a\nb\"c\\", NoticeResult::GivenUp);
        let page = page(&meters);
        let named = page
            .lines()
            .filter(|line| line.starts_with("lanyard_notice_attempts_total{client=\"client-"));
        assert_eq!(named.count(), clients::MOST);
        assert_line(&page, "lanyard_notice_attempts_total{client=\"other\"} 20");
        let given_up = "lanyard_notices_total{client=\"client-0\",state=\"given_up\"} 1";
        assert_line(&page, given_up);
    }

    #[test]
    fn the_documentation_lists_each_metric_and_no_other() {
        const PAGE: &str = include_str!("../../docs/monitoring.md");
        let meters = Meters::new().unwrap();
        meters.foresee_reasons(["user"]);
        meters.request(None, "GET", 200, Duration::ZERO);
        meters.part_ended("grant", "reuse");
        meters.notice_tried("wiki");
        meters.notice("wiki", NoticeResult::Delivered);
        meters.notice_blocked("wiki");
        meters.foresee_proofs(["missing"]);
        drop(meters.call(Store::Hot, "read"));
        let figures = Figures {
            recorded: Some(Recorded::default()),
            ..Figures::default()
        };
        let page = meters.page(&figures).unwrap();
        let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let mut served: Vec<_> = types
            .map(|line| {
                let (name, kind) = line.split_once(' ').unwrap();
                format!("| `{name}` | {kind}, ")
            })
            .collect();
        served.sort();
        let rows = PAGE.lines().filter(|line| line.starts_with("| `lanyard_"));
        let mut listed: Vec<_> = rows
            .map(|row| format!("{}, ", row.split_once(", ").unwrap().0))
            .collect();
        listed.sort();
        assert_eq!(listed, served);
    }

    #[test]
    fn a_label_cannot_break_its_line() {
        let meters = Meters::new().unwrap();
        meters.notice("a\nb\"c\\", NoticeResult::Refused);
        let line = r#"lanyard_notices_total{client="a\nb\"c\\",state="refused"} 1"#;
        assert_line(&page(&meters), line);
    }

    #[test]
    fn two_houses_count_apart_and_one_that_is_off_not_at_all() {
        let (one, other, off) = (
            Meters::new().unwrap(),
            Meters::new().unwrap(),
            Meters::off(),
        );
        for meters in [&one, &off] {
            meters.sign_in(SignInResult::Succeeded);
        }
        let line = |n| format!("lanyard_sign_ins_total{{result=\"succeeded\"}} {n}");
        assert_line(&page(&one), &line(1));
        assert_line(&page(&other), &line(0));
        assert!(!page(&off).contains("lanyard_sign_ins"));
    }
}
