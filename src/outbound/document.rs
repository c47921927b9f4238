//! Reading a document that others publish.

use super::{Outbound, OutboundError, check_url, classify};
use crate::outbound::Trust;

impl Outbound {
    /// Gets a document, whole: an answer that is not 200, or longer than the cap, is none.
    pub async fn get_document(&self, trust: Trust, url: &str) -> Result<Vec<u8>, OutboundError> {
        let url = check_url(url, &self.settings.guard(trust))?;
        let sent = self.pool(trust)?.get(url).send().await;
        let mut response = sent.map_err(|error| classify(&error))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(OutboundError::Other(format!("the answer is {status}")));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
            if document.len() + chunk.len() > self.settings.body_cap {
                return Err(OutboundError::Other("the answer is too long".to_owned()));
            }
            document.extend_from_slice(&chunk);
        }
        Ok(document)
    }
}
