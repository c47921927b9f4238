//! Whether the process runs, and whether it can serve.

use actix_web::{HttpResponse, web};
use serde_json::{Map, Value};

use super::state::State;
use crate::provider::Readiness;

pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("live\n")
}

pub(super) async fn ready(state: web::Data<State>) -> HttpResponse {
    if *state.stopping.borrow() {
        return HttpResponse::ServiceUnavailable()
            .json(serde_json::json!({ "ready": false, "stopping": true }));
    }
    let readiness = state.provider.readiness().await;
    if readiness.is_ready() {
        return HttpResponse::Ok().json(report(&readiness));
    }
    for (check, reason) in &readiness.checks {
        if let Some(reason) = reason {
            tracing::warn!(check, reason, "not ready");
        }
    }
    HttpResponse::ServiceUnavailable()
        .insert_header(("Retry-After", "2"))
        .json(report(&readiness))
}

fn report(readiness: &Readiness) -> Value {
    let checks: Map<String, Value> = readiness
        .checks
        .iter()
        .map(|(name, reason)| {
            let check = match reason {
                None => serde_json::json!({ "ok": true }),
                Some(reason) => serde_json::json!({ "ok": false, "reason": reason }),
            };
            ((*name).to_owned(), check)
        })
        .collect();
    serde_json::json!({ "ready": readiness.is_ready(), "checks": checks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_check_says_why() {
        let late = Some("the ends log was read 31 seconds ago".to_owned());
        let readiness = Readiness {
            checks: [
                ("record", None),
                ("hot_state", None),
                ("ends_log", late),
                ("keys", None),
            ],
        };
        let expected = serde_json::json!({
            "ready": false,
            "checks": {
                "record": { "ok": true },
                "hot_state": { "ok": true },
                "ends_log": { "ok": false, "reason": "the ends log was read 31 seconds ago" },
                "keys": { "ok": true },
            },
        });
        assert_eq!(report(&readiness), expected);
    }
}
