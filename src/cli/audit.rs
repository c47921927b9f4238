//! `lanyard audit`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::args::AuditOptions;
use super::outcome::{Failure, Outcome, say};
use super::record;
use super::serve::StopSignals;
use super::table::plain;
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::pages::admin::words::ACTIONS;
use crate::pages::time;
use crate::store::record::{AuditEntry, AuditFilter, AuditMark, Record};

/// How often new lines are looked for.
const POLL: Duration = Duration::from_millis(500);
/// Lines come to the record a moment after their time, and clocks of several nodes differ: so far
/// back is looked for lines that were not there before.
const LATE: Duration = Duration::from_secs(30);
/// Read at a time.
const BATCH: u32 = 1_000;

pub(super) async fn run(file: Option<PathBuf>, options: AuditOptions) -> Outcome {
    let now = Clock::System.now();
    let filter = AuditFilter {
        since: options
            .since
            .as_deref()
            .map(|text| since(text, now))
            .transpose()?,
        actor: options.actor.clone(),
        action: options.action.clone(),
        ..AuditFilter::default()
    };
    if let Some(action) = &options.action {
        known(action)?;
    }
    let mut signals = StopSignals::listen()?;
    let record = record(file).await?;
    let printing = print(&record, filter, &options);
    let outcome = tokio::select! {
        outcome = printing => outcome,
        () = signals.heard() => Ok(()),
    };
    record.close().await;
    outcome
}

/// A slip of the pen must not read as "nothing happened".
fn known(action: &str) -> Outcome {
    if ACTIONS.iter().any(|(word, _)| *word == action) {
        return Ok(());
    }
    let words: Vec<&str> = ACTIONS.iter().map(|(word, _)| *word).collect();
    Err(Failure::new(format!(
        "--action: {:?} is not known. Write one of {}.",
        plain(action),
        words.join(", ")
    )))
}

/// A time, or how long ago.
fn since(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    if let Some(ago) = config::duration(text) {
        return Ok(now - ago);
    }
    let at: jiff::Timestamp = text.parse().map_err(|_| {
        Failure::new(format!(
            "--since: {:?} is no time; write one such as 2026-03-12T14:00:00Z, or how long ago, \
             such as 2h",
            plain(text)
        ))
    })?;
    Ok(Timestamp::from_millis(at.as_millisecond()))
}

async fn print(record: &Record, mut filter: AuditFilter, options: &AuditOptions) -> Outcome {
    let began = Clock::System.now();
    let mut seen = Seen::default();
    let mut rows = newest(record, &filter, options.limit).await?;
    rows.reverse();
    for (cursor, line) in rows {
        show(&line, options.json)?;
        seen.add(cursor, line.at);
    }
    if !options.follow {
        return Ok(());
    }
    // What was there before and did not fit is not new.
    let first = filter.since.unwrap_or(began - LATE).max(began - LATE);
    filter.since = Some(first);
    for (cursor, line) in newest(record, &filter, u32::MAX).await? {
        seen.add(cursor, line.at);
    }
    loop {
        tokio::time::sleep(POLL).await;
        let from = first.max(Clock::System.now() - LATE);
        filter.since = Some(from);
        let mut rows = newest(record, &filter, u32::MAX).await?;
        rows.reverse();
        for (cursor, line) in rows {
            if seen.add(cursor, line.at) {
                show(&line, options.json)?;
            }
        }
        seen.forget_before(from - LATE);
    }
}

/// The newest lines, at most so many, newest first.
async fn newest(
    record: &Record,
    filter: &AuditFilter,
    limit: u32,
) -> Result<Vec<(AuditMark, AuditEntry)>, Failure> {
    let mut rows = Vec::new();
    let mut filter = filter.clone();
    let mut left = limit;
    while left > 0 {
        let page = record.list_audit(&filter, left.min(BATCH)).await?;
        left -= u32::try_from(page.rows.len()).unwrap_or(left).min(left);
        rows.extend(page.rows);
        let Some(next) = page.next else { break };
        filter.before = Some(next);
    }
    Ok(rows)
}

/// Lines that were printed lately.
#[derive(Default)]
struct Seen {
    lines: HashSet<AuditMark>,
    times: Vec<(Timestamp, AuditMark)>,
}

impl Seen {
    /// Whether it is new.
    fn add(&mut self, cursor: AuditMark, at: Timestamp) -> bool {
        let new = self.lines.insert(cursor.clone());
        if new {
            self.times.push((at, cursor));
        }
        new
    }

    fn forget_before(&mut self, moment: Timestamp) {
        let lines = &mut self.lines;
        self.times.retain(|(at, cursor)| {
            let keep = *at >= moment;
            if !keep {
                lines.remove(cursor);
            }
            keep
        });
    }
}

fn show(line: &AuditEntry, as_json: bool) -> Outcome {
    if as_json {
        let text = json!({
            "at": line.at.as_millis(),
            "actor": line.actor,
            "action": line.action,
            "target": line.target,
            "session": line.session,
            "address": line.address,
            "reason": line.reason,
            "detail": line.detail,
        });
        return say(&format!("{text}\n"));
    }
    let told = [
        ("on", Some(&line.target).filter(|target| !target.is_empty())),
        ("session", line.session.as_ref()),
        ("from", line.address.as_ref()),
        ("reason", line.reason.as_ref()),
        ("detail:", line.detail.as_ref()),
    ];
    let mut parts = vec![
        time::stamp(line.at).text,
        format!("{:<22}", plain(&line.action)),
        plain(&line.actor),
    ];
    let told = told
        .into_iter()
        .filter_map(|(word, value)| Some(format!("{word} {}", plain(value?))));
    parts.extend(told);
    say(&format!("{}\n", parts.join("  ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_how_long_ago() {
        let now = Timestamp::from_secs(1_700_000_000);
        for (text, at) in [
            ("2h", 1_699_992_800),
            ("2023-11-14T22:13:20Z", 1_700_000_000),
            ("2023-11-14T23:13:20+01:00", 1_700_000_000),
        ] {
            assert_eq!(
                since(text, now).unwrap(),
                Timestamp::from_secs(at),
                "{text}"
            );
        }
        for bad in ["yesterday", "", "2023-11-14", "-2h"] {
            assert!(since(bad, now).is_err(), "{bad}");
        }
    }
}
