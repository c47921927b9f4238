//! One Redis server.

use redis::{Client, TlsCertificates};

use crate::support::parts::RedisServer;

#[tokio::test]
async fn it_answers_unless_it_is_paused_or_dead() {
    let mut server = RedisServer::start().await;
    assert_eq!(server.command(&["SET", "key", "value"]).await, "OK");
    assert_eq!(
        server.command(&["CONFIG", "GET", "maxmemory-policy"]).await,
        "maxmemory-policy\nnoeviction"
    );
    server.pause();
    assert!(!server.answers().await);
    server.resume();
    assert_eq!(server.command(&["GET", "key"]).await, "value");
    server.kill();
    assert!(!server.answers().await);
    server.restart().await;
    assert_eq!(
        server.command(&["DBSIZE"]).await,
        "0",
        "it wrote nothing down"
    );
}

#[tokio::test]
async fn an_append_only_file_survives_a_kill_but_not_an_empty_start() {
    let mut server = RedisServer::start_with(&[("appendonly", "yes")]).await;
    server.command(&["SET", "key", "value"]).await;
    server.restart().await;
    assert_eq!(server.command(&["GET", "key"]).await, "value");
    server.restart_empty().await;
    assert_eq!(server.command(&["EXISTS", "key"]).await, "0");
}

#[tokio::test]
async fn a_snapshot_brings_old_data_back() {
    for appendonly in ["no", "yes"] {
        let mut server = RedisServer::start_with(&[("appendonly", appendonly)]).await;
        server.command(&["SET", "key", "old"]).await;
        server.save_snapshot().await;
        server.command(&["SET", "key", "new"]).await;
        server.command(&["SET", "later", "yes"]).await;
        server.restart_from_snapshot().await;
        assert_eq!(server.command(&["GET", "key"]).await, "old");
        assert_eq!(server.command(&["EXISTS", "later"]).await, "0");
    }
}

#[tokio::test]
async fn the_commands_of_clients_are_counted_without_those_of_scripts() {
    let server = RedisServer::start_with_acl(&["user default off"]).await;
    server.command(&["SET", "before", "1"]).await;
    let seen = server.commands_during(async {
        let script = "return redis.call('SET', KEYS[1], ARGV[1])";
        let call = ["EVAL", script, "1", "mine:1", "a \"quoted\" word"];
        server.command(&call).await;
        server.command(&["GET", "mine:1"]).await;
        server.command(&["GET", "theirs:1"]).await;
    });
    let seen = seen.await;
    let mine: Vec<_> = seen
        .iter()
        .filter(|command| command.contains("mine:"))
        .collect();
    assert_eq!(mine.len(), 2, "{seen:?}");
    assert!(mine[0].starts_with("EVAL return redis.call"), "{mine:?}");
    assert_eq!(mine[1], "GET mine:1");
    assert!(!seen.iter().any(|command| command.contains("before")));
}

#[tokio::test]
async fn a_user_has_the_rights_that_were_given() {
    let users = [
        "user default off",
        "user app on >secret ~app:* +@read +@write",
    ];
    let server = RedisServer::start_with_acl(&users).await;
    let set = async |url: String, key: &str| {
        let client = Client::open(url).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut command = redis::cmd("SET");
        command.arg(key).arg("value");
        command.query_async::<()>(&mut connection).await
    };
    let app = server.url_for("app", "secret");
    set(app.clone(), "app:key").await.unwrap();
    assert_eq!(server.command(&["GET", "app:key"]).await, "value");
    let refused = set(app, "other:key").await.unwrap_err();
    assert_eq!(refused.code(), Some("NOPERM"));
    assert!(
        set(server.url_for("app", "guess"), "app:key")
            .await
            .is_err()
    );
    assert!(set(server.url(), "app:key").await.is_err());
}

#[tokio::test]
async fn tls_needs_the_right_authority() {
    let server = RedisServer::start_tls().await;
    let ping = async |authority: &RedisServer| {
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(std::fs::read(authority.authority()).unwrap()),
        };
        let client = Client::build_with_tls(server.url(), certificates).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING")
            .query_async::<String>(&mut connection)
            .await
    };
    assert_eq!(ping(&server).await.unwrap(), "PONG");
    let stranger = RedisServer::start_tls().await;
    ping(&stranger).await.unwrap_err();
}
