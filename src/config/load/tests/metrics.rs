//! `metrics.listen`.

use super::Folder;
use crate::config::Metrics;

fn metrics(text: &str) -> Result<Metrics, Vec<String>> {
    Folder::with(text).load(&[]).map(|config| config.metrics)
}

#[test]
fn the_default_is_loopback_and_nobody_s_choice() {
    let Metrics::On { address, chosen } = metrics("").unwrap() else {
        panic!("on by default");
    };
    assert!(address.ip().is_loopback() && address.port() == 9464);
    assert!(!chosen);
}

#[test]
fn what_is_taken() {
    let chosen = |address: &str| Metrics::On {
        address: address.parse().unwrap(),
        chosen: true,
    };
    for (value, expected) in [
        ("off", Metrics::Off),
        ("127.0.0.1:9464", chosen("127.0.0.1:9464")),
        ("[::]:9100", chosen("[::]:9100")),
        ("127.0.0.1:0", chosen("127.0.0.1:0")),
    ] {
        let text = format!("[metrics]\nlisten = \"{value}\"");
        assert_eq!(metrics(&text), Ok(expected), "{value}");
    }
}

#[test]
fn what_is_refused() {
    assert_eq!(
        metrics("[metrics]\nlisten = \"9464\"").unwrap_err(),
        [
            "lanyard.toml:2: metrics.listen: \"9464\" is not an IP address and a port. Write \
             127.0.0.1:9464, 0.0.0.0:9464 or [::]:9464, or off."
        ]
    );
    let both = "[server]\nlisten = \"127.0.0.1:8080\"\n[metrics]\nlisten = \"127.0.0.1:8080\"";
    assert_eq!(
        metrics(both).unwrap_err(),
        [
            "lanyard.toml:4: metrics.listen: 127.0.0.1:8080 is where the provider itself listens, \
             and the metrics are not for its visitors. Write another port, or off."
        ]
    );
}
