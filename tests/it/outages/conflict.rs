//! Nodes that use different Redis servers, databases or prefixes: the later one does not start, and
//! one that others have gone on from is not used.

use std::time::Duration;

use lanyard::clock::Clock;
use lanyard::store::record::{HotIdentity, HotNode, Record};

use super::on;
use crate::support::parts::RedisServer;
use crate::support::{Browser, House};

const REMEDY: &str = "Give all nodes the same redis.url (server and database) and redis.key_prefix";

async fn generation(house: &House) -> i64 {
    house.provider().record().generation().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_with_another_redis_does_not_start() {
    let (server, other) = (RedisServer::start().await, RedisServer::start().await);
    let house = on(&server).await;
    let before = generation(&house).await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let (prefix, database, elsewhere) = tokio::join!(
        house.refused_node(|config| {
            config.redis.as_mut().unwrap().key_prefix = "other:".to_owned();
        }),
        house.refused_node(|config| config.redis.as_mut().unwrap().database = 1),
        house.refused_node(|config| {
            let servers = &mut config.redis.as_mut().unwrap().servers;
            *servers = vec![("127.0.0.1".to_owned(), other.port())];
        }),
    );
    for (said, part) in [
        (&prefix, "key prefix other:".to_owned()),
        (&database, "database 1".to_owned()),
        (&elsewhere, format!("this one 127.0.0.1:{}", other.port())),
    ] {
        assert!(said.contains(REMEDY) && said.contains(&part), "{said}");
    }
    assert_eq!(generation(&house).await, before, "nobody pays for it");
    assert!(browser.is_signed_in().await);
}

/// What another node says that uses another server, again and again until it is stopped.
struct Stranger {
    uses: HotIdentity,
    talks: tokio::task::JoinHandle<()>,
}

impl Stranger {
    /// It comes to live beside the house, which it does not ask.
    async fn comes(record: &Record, now: lanyard::clock::Timestamp) -> Self {
        let uses = HotIdentity {
            shard: "main".to_owned(),
            run_id: "another".to_owned(),
            replication_id: "another".to_owned(),
            canary: "another".to_owned(),
        };
        say(record, &uses).await;
        record.admit(&uses, now).await.unwrap();
        let (ours, told) = (record.clone(), uses.clone());
        let talks = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(500)).await;
                say(&ours, &told).await;
            }
        });
        Self { uses, talks }
    }
}

async fn say(record: &Record, uses: &HotIdentity) {
    let said = HotNode {
        node: "stranger".to_owned(),
        uses: uses.clone(),
        place: "redis.elsewhere:6379".to_owned(),
        said: Clock::System.now(),
    };
    record.say_hot_node(&said).await.unwrap();
}

async fn status(browser: &Browser) -> u16 {
    browser.get("/account").await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_others_have_gone_on_from_is_not_used() {
    let server = RedisServer::start().await;
    let house = on(&server).await;
    let alice = house.person("alice").await;
    let browser = house.browser();
    browser.sign_in(&alice).await;
    let record = house.other_process().await;
    let stranger = Stranger::comes(&record, house.clock.now()).await;
    House::until("no node uses it", || async {
        let mut away = 0;
        for number in 0..2 {
            away += usize::from(status(&house.at_node(number, &browser)).await == 503);
        }
        away == 2
    })
    .await;
    // Not once more, and nobody takes it back while the stranger lives.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(status(&browser).await, 503);
    let known = record.hot_identity("main").await.unwrap();
    assert_eq!(known.as_ref(), Some(&stranger.uses), "no tug of war");

    // It is gone without a word: the house has its Redis again.
    stranger.talks.abort();
    House::until("both nodes answer again", || async {
        let mut well = 0;
        for number in 0..2 {
            well += usize::from(status(&house.at_node(number, &browser)).await == 200);
        }
        well == 2
    })
    .await;
}
