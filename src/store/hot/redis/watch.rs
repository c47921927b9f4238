//! Looks once a second whether each server is still the one that was admitted, and whether the
//! masters are where they were. What changed is dropped, and admitted anew before its next use.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Inner;
use super::link::{Admitted, Link};
use super::topology::Master;
use crate::store::Unknown;

const EVERY: Duration = Duration::from_secs(1);

/// Runs until the store is gone.
pub(super) async fn run(store: Weak<Inner>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(store) = store.upgrade() else {
            return;
        };
        store.look().await;
    }
}

impl Inner {
    async fn look(&self) {
        let known = self.map.masters();
        if let Err(error) = self.map.refresh(&known).await {
            tracing::debug!(%error, "the masters of Redis are not known");
        }
        let masters = self.map.masters();
        self.forget_links(|address| masters.iter().any(|master| master.address == *address));
        for (master, link) in self.links_of(&masters) {
            if let Some(admitted) = link.present() {
                self.look_at(&master, &link, admitted).await;
            }
        }
    }

    async fn look_at(&self, master: &Master, link: &Arc<Link>, admitted: Admitted) {
        let mut conn = admitted.conn.clone();
        match self.door.recognise(&mut conn, master).await {
            Ok((_, identity)) if identity == admitted.identity => {}
            Ok(_) => {
                tracing::warn!(server = %master.address, "Redis is not what it was: another server, or other data");
                link.broken(&admitted);
            }
            Err(Unknown(why)) => {
                tracing::warn!(server = %master.address, "Redis: {why}");
                link.broken(&admitted);
            }
        }
    }
}
