//! The hot state in Redis: the contract of every back end, and what is particular to it.

use std::time::Duration;

use lanyard::clock::Clock;
use lanyard::entropy::Entropy;
use lanyard::store::hot::{Address, HotStore, Login, RedisSettings, RedisStore, Topology};

use super::{hot, hot_model};
use crate::support::parts;

/// Where a server is, by its URL.
pub(super) fn address(url: &str) -> Address {
    let url = reqwest::Url::parse(url).unwrap();
    Address {
        host: url.host_str().unwrap().to_owned(),
        port: url.port().unwrap(),
    }
}

/// A part of its own of some servers.
pub(super) fn settings(servers: Vec<Address>, topology: Topology) -> RedisSettings {
    RedisSettings {
        servers,
        topology,
        tls: false,
        ca_pem: None,
        database: 0,
        login: Login::default(),
        key_prefix: format!("{}:", Entropy::System.alphanumeric(12)),
        timeout: Duration::from_secs(5),
    }
}

async fn shared(clock: Clock) -> HotStore {
    let server = address(&parts::redis_url().await);
    let settings = settings(vec![server], Topology::Single);
    HotStore::Redis(RedisStore::new(settings, clock, Entropy::System))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_hot_state_in_redis() {
    hot::suite(shared).await;
}

#[test]
fn the_hot_state_in_redis_is_like_the_model() {
    hot_model::like_the_model(128, shared);
}
