//! Reading what a stranger publishes, with what its server says of it.

use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName};

use super::{Outbound, OutboundError, Trust, accepted, check_url, classify, left_of};

/// What is asked for, and how much of it is taken.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The `Accept` header.
    pub accept: &'a str,
    /// The longest answer, in bytes.
    pub cap: usize,
    /// Until all of it is there.
    pub within: Duration,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The whole of it.
    pub body: Vec<u8>,
    /// What it is said to be.
    pub content_type: Option<String>,
    /// How long it may be kept. Of several such headers, all.
    pub cache_control: Option<String>,
}

impl Outbound {
    /// Gets a document. Any status but 200 is an error: so is a redirect, which would be another
    /// address than the one that was asked for.
    pub async fn get_published(
        &self,
        trust: Trust,
        url: &str,
        ask: Ask<'_>,
    ) -> Result<Published, OutboundError> {
        let url = check_url(url, &self.settings.guard(trust))?;
        let asked = self.pool(trust)?.get(url).header(ACCEPT, ask.accept);
        let within = ask.within.min(self.settings.total_timeout);
        let asked = asked.timeout(left_of(within));
        let mut response = asked.send().await.map_err(|error| classify(&error))?;
        accepted(response.status().as_u16())?;
        let content_type = text(response.headers(), &CONTENT_TYPE);
        let cache_control = text(response.headers(), &CACHE_CONTROL);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
            if body.len() + chunk.len() > ask.cap {
                return Err(OutboundError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Published {
            body,
            content_type,
            cache_control,
        })
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
