//! The overview.

use actix_web::http::StatusCode;

use super::links;
use super::route::{Answer, Call};
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::overview::{AppRow, EndRow, HourRow, Overview};
use crate::pages::admin::{AdminFrame, Section, words};
use crate::pages::time;
use crate::session::ending::Reason;
use crate::store::record;

pub(super) async fn get(call: Call) -> Answer {
    let figures = call.state.provider.overview().await?;
    let page = page(call.frame(Section::Overview, None), figures);
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

fn page(frame: AdminFrame, figures: record::Overview) -> Overview {
    let at = figures.at;
    let by = |reason| figures.ends.iter().find(|(other, _)| *other == reason);
    let mut ends: Vec<EndRow> = figures.ends.iter().map(end).collect();
    // Stable: of equal counts, the order of reasons.
    ends.sort_by_key(|row| std::cmp::Reverse(row.count));
    Overview {
        frame,
        at: time::stamp(at),
        sessions: figures.live.sessions,
        people: figures.live.people,
        hours: figures.sign_ins.iter().map(hour).collect(),
        ended_by_administrators: by(Reason::Admin).map_or(0, |(_, count)| *count),
        ends,
        owed: figures.owed,
        oldest: figures
            .oldest_owed
            .map(|oldest| time::span(at.since(oldest))),
        apps: figures.deliveries.into_iter().map(app).collect(),
    }
}

fn hour(hour: &record::Hour) -> HourRow {
    HourRow {
        from: time::of_day(hour.from),
        worked: hour.succeeded,
        failed: hour.failed,
    }
}

const fn end((reason, count): &(Reason, i64)) -> EndRow {
    EndRow {
        reason: words::reason(*reason),
        count: *count,
    }
}

fn app(app: record::Deliveries) -> AppRow {
    AppRow {
        page: links::app(&app.client),
        name: app.client_name,
        delivered: app.delivered,
        retrying: app.retrying,
        refused: app.refused,
        gave_up: app.gave_up,
    }
}
