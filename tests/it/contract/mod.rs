//! One suite for each seam, run by every back end.

mod hot;
mod hot_attempts;
mod hot_counters;
mod hot_model;
mod hot_races;
mod hot_words;
mod record;
mod redis;
mod redis_servers;

use lanyard::clock::{Clock, Timestamp};
use lanyard::store::hot::{HotStore, MemoryStore};

/// Where the clocks of these tests start.
const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn memory(clock: Clock) -> HotStore {
    HotStore::Memory(MemoryStore::new(clock, 16 << 20))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_hot_state_in_memory() {
    hot::suite(async |clock| memory(clock)).await;
}

#[test]
fn the_hot_state_in_memory_is_like_the_model() {
    hot_model::like_the_model(256, async |clock| memory(clock));
}
