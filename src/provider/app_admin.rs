//! Apps, as administrators look at them. What changes them is in `administration`.

use super::Provider;
use super::trouble::Trouble;
use crate::entropy::ClientId;
use crate::store::record::{ClientFilter, ClientPage, ClientRow, ClientUse};

impl Provider {
    /// A page of the apps, by name.
    pub async fn list_apps(&self, filter: &ClientFilter) -> Result<ClientPage, Trouble> {
        Ok(self.record.list_clients(filter).await?)
    }

    /// An app with its version, enabled or not. Read from SQL each time: an edit begins from it.
    pub async fn app_row(&self, id: &ClientId) -> Result<Option<ClientRow>, Trouble> {
        Ok(self.record.client_row(id).await?)
    }

    /// What lives of an app now.
    pub async fn app_use(&self, id: &ClientId) -> Result<ClientUse, Trouble> {
        Ok(self.record.client_use(id, self.clock.now()).await?)
    }
}
