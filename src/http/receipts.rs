//! Receipts as pages show them that look at them from another browser than the one signed out.

use crate::pages::admin::session_told::{ToldApp, ToldState};
use crate::pages::time;
use crate::provider::{ReceiptView, Told};

/// One app. A front-channel logout is none here: the browser that could carry it is elsewhere.
pub(super) fn told(view: ReceiptView) -> ToldApp {
    ToldApp {
        name: view.app,
        told: match view.told {
            Told::At(at) => ToldState::Told(time::moment(at)),
            Told::NotYetTried => ToldState::Telling,
            Told::TryingAgain => ToldState::Trying,
            Told::GaveUp => ToldState::GaveUp,
            Told::Quiet { until } => ToldState::Quiet {
                until: time::moment(until),
            },
            Told::ByBrowser { until } | Told::CannotBe { until } => ToldState::CannotTell {
                until: time::moment(until),
            },
        },
    }
}
