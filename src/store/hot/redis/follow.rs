//! Hints between nodes: "there is something to read in the logs". Never relied on: every node
//! also looks by itself.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::Notify;

use super::Inner;
use super::topology::{client, unknown};
use crate::store::Unknown;

const PAUSE: Duration = Duration::from_secs(1);

/// Listens until the store is gone.
pub(super) async fn run(store: Weak<Inner>, heard: Arc<Notify>) {
    loop {
        if let Err(error) = listen(&store, &heard).await {
            tracing::debug!(%error, "hints of other nodes are not heard");
        }
        if store.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(PAUSE).await;
        // Some may have been missed meanwhile.
        heard.notify_one();
    }
}

async fn listen(store: &Weak<Inner>, heard: &Notify) -> Result<(), Unknown> {
    let (mut hints, channel) = {
        let Some(store) = store.upgrade() else {
            return Ok(());
        };
        let masters = store.map.masters();
        let first = masters.first();
        let first = first.ok_or_else(|| Unknown("no master is known".to_owned()))?;
        let settings = &store.door.settings;
        let client = client(settings, &first.address, &settings.login, settings.database)?;
        (
            client.get_async_pubsub().await.map_err(unknown)?,
            store.door.keys.channel(),
        )
    };
    hints.subscribe(&channel).await.map_err(unknown)?;
    let mut messages = hints.on_message();
    while messages.next().await.is_some() {
        if store.strong_count() == 0 {
            break;
        }
        heard.notify_one();
    }
    Ok(())
}
