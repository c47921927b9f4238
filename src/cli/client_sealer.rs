//! What seals the secret of a client that signs with it.

use super::outcome::Failure;
use crate::app;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::protocol::client::Client;
use crate::store::record::Record;
use crate::store::seal::Sealer;

/// The house's sealer, if this client needs it: other clients can be made without the master key.
pub(super) async fn sealer_for(
    client: &Client,
    config: &Config,
    record: &Record,
) -> Result<Option<Sealer>, Failure> {
    if !client.signs_with_secret() {
        return Ok(None);
    }
    Ok(Some(app::sealer(config, record, &Entropy::System).await?))
}
