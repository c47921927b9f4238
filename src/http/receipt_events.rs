//! Receipts as they come, by server-sent events (HTML, 9.2).
//!
//! An event says that something changed, not what: its script then fetches the page again, which
//! has the words and asks for the right to read them. The id of an event is what the receipts
//! amount to, so that a browser that comes back is told nothing twice.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::connection::Line;
use super::state::State;
use super::{extract, respond};
use crate::provider::{ReceiptNews, ReceiptWatch, Watching};

/// A comment at least this often: proxies close what is silent.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Longer than any id of ours.
const ID: usize = 64;
/// After this a page may ask again.
const RETRY: Duration = Duration::from_secs(2);

/// What the page knows already, when its browser comes back.
pub(super) fn last_seen(request: &HttpRequest) -> Option<&str> {
    let name = HeaderName::from_static("last-event-id");
    extract::header_text(request, name).filter(|id| id.len() <= ID)
}

/// The stream. 204 where there is nothing to look at, which tells browsers not to come back; 503
/// where there are too many, or this node is about to stop.
pub(super) fn answer(state: &State, request: &HttpRequest, watching: Watching) -> HttpResponse {
    let stopping = state.stopping.clone();
    let watch = match watching {
        Watching::Nothing => return HttpResponse::NoContent().finish(),
        Watching::Open(watch) if !*stopping.borrow() => watch,
        Watching::Open(_) | Watching::Full => return full(),
    };
    let events = Events {
        watch,
        stopping,
        line: Line::of(request),
        said: None,
        settled: false,
    };
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // nginx then passes on each event at once, whatever its settings say.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::unfold(events, |mut events| async move {
            let text = events.next().await?;
            Some((Ok::<_, Infallible>(Bytes::from(text)), events))
        }))
}

fn full() -> HttpResponse {
    let mut response = HttpResponse::ServiceUnavailable().body("Too many streams. Ask the page.\n");
    respond::retry_after(&mut response, RETRY);
    response
}

/// One stream under way.
struct Events {
    watch: Box<ReceiptWatch>,
    stopping: watch::Receiver<bool>,
    line: Line,
    /// When the last byte was written.
    said: Option<Instant>,
    settled: bool,
}

impl Events {
    /// The next piece of the stream; none at its end.
    async fn next(&mut self) -> Option<String> {
        if self.said.is_none() {
            self.said = Some(Instant::now());
            return Some(format!("retry: {}\n\n", RETRY.as_millis()));
        }
        while !self.settled && !*self.stopping.borrow() && self.line.is_open() {
            let news = tokio::select! {
                news = self.watch.next() => news,
                _ = self.stopping.changed() => return None,
            };
            if news == ReceiptNews::Over {
                return None;
            }
            self.settled = matches!(news, ReceiptNews::Asked { settled: true, .. });
            let silent = self.said.map(|said| said.elapsed()).unwrap_or_default();
            let text = words(news, silent);
            if !text.is_empty() {
                self.said = Some(Instant::now());
                return Some(text);
            }
        }
        None
    }
}

/// What to write of some news, after so long a silence. May be nothing.
fn words(news: ReceiptNews, silent: Duration) -> String {
    let mut text = String::new();
    if let ReceiptNews::Asked { changed, settled } = news {
        if let Some(id) = changed {
            let _ = write!(text, "id: {id}\nevent: changed\ndata: receipts\n\n");
        }
        if settled {
            text.push_str("event: done\ndata: receipts\n\n");
        }
    }
    if text.is_empty() && silent >= HEARTBEAT {
        text.push_str(": still here\n\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(changed: Option<&str>, settled: bool) -> ReceiptNews {
        let changed = changed.map(ToOwned::to_owned);
        ReceiptNews::Asked { changed, settled }
    }

    #[test]
    fn each_event_ends_with_an_empty_line_and_data_makes_browsers_hear_it() {
        let just_now = Duration::ZERO;
        let changed = "id: abc\nevent: changed\ndata: receipts\n\n";
        let done = "event: done\ndata: receipts\n\n";
        assert_eq!(words(asked(Some("abc"), false), just_now), changed);
        assert_eq!(words(asked(None, true), HEARTBEAT), done);
        let both = words(asked(Some("abc"), true), just_now);
        assert_eq!(both, format!("{changed}{done}"));
    }

    #[test]
    fn a_silence_is_broken_by_a_comment_after_a_quarter_of_a_minute() {
        let nearly = HEARTBEAT.saturating_sub(Duration::from_millis(1));
        for news in [ReceiptNews::None, asked(None, false)] {
            assert_eq!(words(news.clone(), nearly), "");
            assert_eq!(words(news, HEARTBEAT), ": still here\n\n");
        }
    }
}
