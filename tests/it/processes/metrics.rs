//! Where the program serves its metrics.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::support::installation::free_port;
use crate::support::{Installation, Scrape};

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_address_serves_them() {
    let metrics = local(free_port());
    let house = Installation::with(&[("METRICS__LISTEN", &metrics.to_string())]);
    let server = house.serve().await;
    let scrape = Scrape::of(metrics).await;
    let version = env!("CARGO_PKG_VERSION");
    let info = format!("lanyard_build_info{{version=\"{version}\"}}");
    assert_eq!(scrape.value(&info), Some(1.0));
    assert!(server.said().contains("metrics are served"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_address_that_is_taken_is_refused() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let house = Installation::with(&[("METRICS__LISTEN", &taken)]);
    let said = house.run(&["serve"]).refused();
    let way_out = "set metrics.listen (LANYARD__METRICS__LISTEN)";
    assert!(
        said.contains(&format!("{taken} is taken")) && said.contains(way_out),
        "{said}"
    );
    assert!(!house.path("data").exists(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_address_that_is_taken_keeps_nobody_from_signing_in() {
    // Taken by this test, or else by something that was there before it.
    let _other = TcpListener::bind("127.0.0.1:9464");
    // An empty variable is as good as absent.
    let house = Installation::with(&[("METRICS__LISTEN", "")]);
    let alice = house.person("alice");
    let server = house.serve().await;
    let said = server.said();
    let line = said
        .lines()
        .find(|line| line.contains("no metrics are served"));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    assert!(
        line.contains("WARN") && line.contains("127.0.0.1:9464"),
        "{line}"
    );
    house.browser().sign_in(&alice).await;
}
