//! The only HTTP client: what Lanyard sends to others, with time limits, without redirects or
//! proxies, and past an address guard.
//!
//! One pool of connections per [`Trust`], so that a connection opened for an administrator's
//! client is never used for one that registered itself.

pub mod address;
mod published;
mod resolver;

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Client, ClientBuilder, Response, redirect, retry};
use tokio::time::Instant;
use url::{Host, Url};

use address::Guard;
pub use address::{AllowList, Trust};
pub use published::{Ask, Published};
use resolver::GuardedResolver;
pub use resolver::Refusal;

/// What key sets come as (RFC 7517, 8.5).
const JSON: &str = "application/jwk-set+json, application/json";

/// What request objects come as (RFC 9101, 5.2.3).
const JWT: &str = "application/oauth-authz-req+jwt, application/jwt";

/// Limits of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Until a connection stands: name, TCP and TLS.
    pub connect_timeout: Duration,
    /// Until the answer has been read.
    pub total_timeout: Duration,
    /// How many bytes of an answer are read before the connection is dropped.
    pub body_cap: usize,
    /// The private addresses that an administrator's clients may live at; empty: any.
    pub allowed: Arc<AllowList>,
    /// Certificates of authorities that are trusted beside those of the machine, as PEM.
    pub authorities: Option<Arc<[u8]>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            total_timeout: Duration::from_secs(5),
            body_cap: 64 * 1024,
            allowed: Arc::default(),
            authorities: None,
        }
    }
}

impl Settings {
    fn guard(&self, trust: Trust) -> Guard {
        Guard {
            trust,
            allowed: Arc::clone(&self.allowed),
        }
    }
}

/// What a receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status. A redirect is an answer like any other: it is not followed.
    pub status: u16,
    /// From the call to the status line.
    pub elapsed: Duration,
    /// How long the receiver wants to be left alone (RFC 9110, 10.2.3).
    pub retry_after: Option<Duration>,
}

/// Why there is no answer. The texts carry no URL, hence no query string and no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Not a URL that can be posted to.
    #[error("the URL cannot be used: {0}")]
    Url(&'static str),
    /// The guard does not let this client's messages go there.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// An answer of another status than 200.
    #[error("no answer: HTTP status {0}")]
    Status(u16),
    /// More than is read.
    #[error("no answer: the answer is too long")]
    TooLong,
    /// Anything else.
    #[error("no answer: {0}")]
    Other(String),
}

/// The client.
#[derive(Clone, Debug)]
pub struct Outbound {
    administered: Client,
    /// Made when it is first needed: reading the machine's certificate authorities again takes
    /// time that a start need not spend.
    self_registered: Arc<OnceLock<Client>>,
    settings: Settings,
}

impl Outbound {
    /// Reads the machine's certificate authorities. A machine that has none can still post over
    /// plain http, so that is a warning and not an error.
    pub fn new(settings: Settings) -> Result<Self, OutboundError> {
        Ok(Self {
            administered: pool(Trust::Administered, &settings)?,
            self_registered: Arc::default(),
            settings,
        })
    }

    fn pool(&self, trust: Trust) -> Result<&Client, OutboundError> {
        if trust == Trust::Administered {
            return Ok(&self.administered);
        }
        if let Some(made) = self.self_registered.get() {
            return Ok(made);
        }
        let made = pool(trust, &self.settings)?;
        Ok(self.self_registered.get_or_init(|| made))
    }

    /// Posts a form (`application/x-www-form-urlencoded`) once and answers with the status.
    pub async fn post_form(
        &self,
        trust: Trust,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<Reply, OutboundError> {
        let url = check_url(url, &self.settings.guard(trust))?;
        let client = self.pool(trust)?;
        let started = Instant::now();
        let sent = client.post(url).form(fields).send().await;
        let response = sent.map_err(|error| classify(&error))?;
        let reply = Reply {
            status: response.status().as_u16(),
            elapsed: started.elapsed(),
            retry_after: retry_after(response.headers()),
        };
        drain(response, self.settings.body_cap).await;
        Ok(reply)
    }

    /// Gets a document of JSON. Any status but 200 is an error, as is more than
    /// [`Settings::body_cap`].
    pub async fn get(&self, trust: Trust, url: &str) -> Result<Vec<u8>, OutboundError> {
        self.get_as(trust, url, JSON).await
    }

    /// Gets a JWT, likewise.
    pub async fn get_jwt(&self, trust: Trust, url: &str) -> Result<Vec<u8>, OutboundError> {
        self.get_as(trust, url, JWT).await
    }

    async fn get_as(
        &self,
        trust: Trust,
        url: &str,
        accept: &str,
    ) -> Result<Vec<u8>, OutboundError> {
        let ask = Ask {
            accept,
            cap: self.settings.body_cap,
            within: self.settings.total_timeout,
        };
        Ok(self.get_published(trust, url, ask).await?.body)
    }
}

tokio::task_local! {
    static UNTIL: Instant;
}

/// Does something that reads what others publish, and has all of it together take no longer than
/// this: somebody waits, and who publishes it may be somebody who wants them to.
pub async fn patiently<F: Future>(patience: Duration, work: F) -> F::Output {
    UNTIL.scope(Instant::now() + patience, work).await
}

/// How much of this time is left to whoever waits.
fn left_of(within: Duration) -> Duration {
    let left = UNTIL.try_with(|until| until.saturating_duration_since(Instant::now()));
    left.unwrap_or(within).min(within)
}

fn accepted(status: u16) -> Result<(), OutboundError> {
    if status == 200 {
        return Ok(());
    }
    Err(OutboundError::Status(status))
}

fn pool(trust: Trust, settings: &Settings) -> Result<Client, OutboundError> {
    let own = authorities(settings)?;
    let merged = builder(trust, settings).tls_certs_merge(own.clone());
    merged.build().or_else(|error| {
        tracing::warn!(
            cause = root_cause(&error),
            "no certificate authorities found: receivers on https cannot be reached; install the \
             package ca-certificates"
        );
        let built = builder(trust, settings).tls_certs_only(own).build();
        built.map_err(|error| OutboundError::Other(root_cause(&error)))
    })
}

/// The authorities of the configuration.
fn authorities(settings: &Settings) -> Result<Vec<Certificate>, OutboundError> {
    let Some(pem) = &settings.authorities else {
        return Ok(Vec::new());
    };
    Certificate::from_pem_bundle(pem).map_err(|error| {
        let words = format!("delivery.ca_file holds no usable certificate: {error}");
        OutboundError::Other(words)
    })
}

fn builder(trust: Trust, settings: &Settings) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("lanyard/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.total_timeout)
        // A redirect would lead past the check of the URL.
        .redirect(redirect::Policy::none())
        .referer(false)
        // A proxy would resolve the name itself, behind the guard.
        .no_proxy()
        // Each attempt needs a fresh token with its own `jti`; only the caller can make one.
        .retry(retry::never())
        .https_only(trust == Trust::SelfRegistered)
        .dns_resolver(GuardedResolver(settings.guard(trust)))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(4)
}

/// What can be judged before a name is resolved. An IP literal never reaches the resolver, so its
/// judgement is here; the parser has already read the odd spellings (`0x7f.1`, `2130706433`).
fn check_url(url: &str, guard: &Guard) -> Result<Url, OutboundError> {
    let url = Url::parse(url).map_err(|_| OutboundError::Url("it cannot be read"))?;
    match (url.scheme(), guard.trust) {
        ("https", _) | ("http", Trust::Administered) => {}
        ("http", Trust::SelfRegistered) => return Err(Refusal::PlainHttp.into()),
        _ => return Err(OutboundError::Url("only https and http can be posted to")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OutboundError::Url("it carries a name or password"));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain(_)) => None,
        None => return Err(OutboundError::Url("it names no host")),
    };
    let refusal = literal.and_then(|address| Refusal::of(guard.judge(None, address)));
    refusal.map_or(Ok(url), |refusal| Err(refusal.into()))
}

/// Seconds, or a date: by the receiver's own clock, which it sends along.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    until.duration_since(now).ok()
}

/// Reads the rest of an answer so that its connection can serve again. The status is known by now;
/// what goes wrong here changes nothing.
async fn drain(mut response: Response, cap: usize) {
    let mut left = cap;
    while let Ok(Some(chunk)) = response.chunk().await {
        let Some(rest) = left.checked_sub(chunk.len()) else {
            return;
        };
        left = rest;
    }
}

fn classify(error: &reqwest::Error) -> OutboundError {
    let refusal = causes(error).find_map(|cause| cause.downcast_ref::<Refusal>());
    if let Some(refusal) = refusal {
        OutboundError::Refused(*refusal)
    } else if error.is_timeout() {
        OutboundError::Timeout
    } else if error.is_connect() {
        OutboundError::Connect(root_cause(error))
    } else {
        OutboundError::Other(root_cause(error))
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// The innermost text. The outermost names the URL.
fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(
        || "the request could not be made".to_owned(),
        ToString::to_string,
    )
}

#[cfg(test)]
mod tests;
