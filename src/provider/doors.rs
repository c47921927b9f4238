//! The apps that a person can open from here (Core 1.0, 4).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Provider;
use super::people::Visitor;
use super::trouble::Trouble;
use crate::entropy::ClientId;
use crate::protocol::client::Client;
use crate::protocol::initiate_login;
use crate::store::record::{ClientFilter, Enabled};

/// Most apps of one page: more than anybody looks through.
const MOST: u32 = 500;

/// An app that a person can open.
#[derive(Clone, Debug)]
pub struct Door {
    /// Which.
    pub client: Arc<Client>,
    /// Where.
    pub address: String,
}

impl Provider {
    /// Every app that a person may use and that can be opened, by name.
    pub async fn doors(&self, visitor: &Visitor) -> Result<Vec<Door>, Trouble> {
        let filter = ClientFilter {
            search: None,
            enabled: Enabled::Yes,
            after: None,
            limit: MOST,
        };
        let rows = self.record.list_clients(&filter).await?.rows;
        let strange = |client: &Client| client.is_stranger();
        let met: BTreeSet<ClientId> = if rows.iter().any(|row| strange(&row.client)) {
            let allowed = self.apps_allowed_by(&visitor.person).await?.into_iter();
            allowed.map(|app| app.client).collect()
        } else {
            BTreeSet::new()
        };
        let issuer = &self.settings.issuer;
        let doors = rows.into_iter().filter_map(|row| {
            let knows = met.contains(&row.client.client_id);
            let address = initiate_login::door(&row.client, issuer, knows)?;
            Some(Door {
                client: Arc::new(row.client),
                address,
            })
        });
        Ok(doors.collect())
    }
}
