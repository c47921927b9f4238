//! What people notice when a store forgets, hangs, dies or is another one than before. Each story
//! has servers of its own, and two nodes.

mod conflict;
mod device;
mod dpop;
mod ends;
mod flush;
mod memory;
mod pauses;
mod restores;
mod round_trips;
mod steps;
mod watched;

use crate::support::House;
use crate::support::parts::{Failover, RedisServer};
use crate::support::stores::{Stores, Variables, on_postgres, on_redis};

/// A house of two nodes on this Redis, and on the record of this run.
async fn on(server: &RedisServer) -> House {
    House::open_on(stores(on_redis(&server.url())).await, 2, &[]).await
}

/// The same, where a sentinel says which Redis.
async fn by_sentinel(pair: &Failover) -> House {
    let mut redis = on_redis(&pair.sentinel_url());
    redis.push(("REDIS__TOPOLOGY", "sentinel".to_owned()));
    redis.push(("REDIS__SENTINEL_MASTER", Failover::NAME.to_owned()));
    House::open_on(stores(redis).await, 2, &[]).await
}

async fn stores(mut variables: Variables) -> Variables {
    if Stores::of_this_run() == Stores::RedisPostgres {
        let url = crate::support::parts::postgres_url().await;
        variables.extend(on_postgres(&url).await);
    }
    variables
}
