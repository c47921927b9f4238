//! One PostgreSQL server.

use sqlx::{Connection as _, PgConnection};

use crate::support::parts::PostgresServer;

#[tokio::test]
async fn it_answers_unless_it_is_paused_or_dead() {
    let mut server = PostgresServer::start().await;
    server.execute("CREATE TABLE kept (id INT)").await;
    // One that is connected already is paused as well.
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    server.pause();
    assert!(!server.answers().await);
    let limit = std::time::Duration::from_millis(200);
    let asked = tokio::time::timeout(limit, connection.ping()).await;
    assert!(asked.is_err(), "its session goes on: {asked:?}");
    server.resume();
    assert!(server.answers().await);
    server.kill();
    assert!(!server.answers().await);
    server.restart().await;
    server.execute("INSERT INTO kept VALUES (1)").await;
}

#[tokio::test]
async fn a_user_with_a_password_needs_it() {
    let server = PostgresServer::start().await;
    let url = server.user_with_password("app", "secret").await;
    PgConnection::connect(&url).await.unwrap();
    let wrong = url.replace("secret", "guess");
    PgConnection::connect(&wrong).await.unwrap_err();
    PgConnection::connect(&server.url()).await.unwrap();
}
