//! What a load balancer asks, and what an operator reads in the answer.

use reqwest::Method;
use serde_json::json;

use crate::support::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_ready_says_what_it_looked_at() {
    let house = House::open().await;
    let page = house.browser().get("/health/ready").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("application/json"));
    let ok = json!({ "ok": true });
    let checks = json!({ "record": ok, "hot_state": ok, "ends_log": ok, "keys": ok });
    assert_eq!(page.json(), json!({ "ready": true, "checks": checks }));
    let live = house.browser().get("/health/live").await;
    assert_eq!((live.status.as_u16(), live.body.as_str()), (200, "live\n"));
    for path in ["/health/ready", "/health/live"] {
        let head = house.browser().request(Method::HEAD, path, &[]).await;
        assert_eq!(
            (head.status.as_u16(), head.body.as_str()),
            (200, ""),
            "{path}"
        );
    }
}
