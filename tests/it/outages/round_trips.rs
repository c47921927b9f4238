//! What a request costs, counted by the servers themselves.

use crate::support::House;
use crate::support::parts::RedisServer;
use crate::support::stores::on_redis;

/// Commands of the nodes' own rhythm, which no request causes.
fn is_of_requests(command: &str) -> bool {
    let command = command.to_uppercase();
    command.starts_with("HMGET") || (command.starts_with("EVALSHA") && command.contains('{'))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_commands_to_redis_and_no_sql_once_warm() {
    let server = RedisServer::start().await;
    let stores = super::stores(on_redis(&server.url())).await;
    let mut house = House::open_on(stores, 1, &[]).await;
    let wiki = house.app("wiki").await;
    let browser = house.browser();
    let tokens = wiki.sign_in(&browser, &house.person("alice").await).await;
    // Warms the caches.
    wiki.join(&browser).await;
    house.rest().await;

    let ask = wiki.ask().with("prompt", "none");
    let sql = house.provider().record().calls();
    let commands = server
        .commands_during(async {
            let page = browser.get(&ask.url()).await;
            wiki.code(&page.location().unwrap(), &ask);
        })
        .await;
    two(&commands);
    let (code, ask) = wiki.fresh_code(&browser).await;
    let commands = server
        .commands_during(async {
            wiki.redeem(&code, &ask).await;
        })
        .await;
    two(&commands);
    let commands = server
        .commands_during(async {
            wiki.refresh(tokens.refresh()).await;
        })
        .await;
    two(&commands);
    assert_eq!(house.provider().record().calls(), sql, "no SQL");
}

fn two(commands: &[String]) {
    let of_requests: Vec<_> = commands.iter().filter(|it| is_of_requests(it)).collect();
    let kinds: Vec<_> = of_requests
        .iter()
        .map(|command| command.split(' ').next().unwrap().to_uppercase())
        .collect();
    assert_eq!(kinds, ["HMGET", "EVALSHA"], "{commands:?}");
}
