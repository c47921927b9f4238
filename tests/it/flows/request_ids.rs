//! Every answer bears an id of its own, made here.

use std::collections::BTreeSet;

use reqwest::Method;

use crate::support::House;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_one_and_none_is_believed() {
    let house = House::open().await;
    let browser = house.browser();
    let mut seen = BTreeSet::new();
    for (method, path) in [
        (Method::GET, "/account"),
        (Method::GET, "/account"),
        (Method::GET, "/nowhere"),
        (Method::GET, "/static/lanyard.css"),
        (Method::GET, "/oauth2/jwks"),
        (Method::POST, "/oauth2/token"),
        (Method::DELETE, "/login"),
        (Method::OPTIONS, "/oauth2/token"),
        (Method::HEAD, "/health/ready"),
    ] {
        let theirs = "of-the-client-0123456";
        let headers = [("x-request-id", theirs)];
        let page = browser.request(method, path, &headers).await;
        let ids = page.header_all("x-request-id");
        assert_eq!(ids.len(), 1, "{path}");
        let id = &ids[0];
        assert_ne!(id, theirs);
        assert!(id.len() == 20 && id.chars().all(|char| char.is_ascii_alphanumeric()));
        assert!(seen.insert(id.clone()), "{id} came twice");
    }
}
