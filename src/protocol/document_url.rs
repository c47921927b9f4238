//! Ids of clients that are the addresses of their metadata documents
//! (draft-ietf-oauth-client-id-metadata-document, 3).

use url::{Host, Url};

use super::client::{Client, RegisteredBy};
use crate::entropy::ClientId;

/// Longest id. It stands in names of the hot state, in indexes, and in addresses of pages.
pub const MAX_ID: usize = 255;

/// A `client_id` that is the address of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentUrl {
    id: ClientId,
    host: String,
}

impl DocumentUrl {
    /// Reads an id; none if it is no such address. It must be spelled as a parser would write it:
    /// so nothing else in it can be read in two ways (dot segments, another spelling of the host,
    /// a port that goes without saying), and ids are compared letter by letter.
    pub fn read(id: &ClientId) -> Option<Self> {
        let text = id.as_str();
        if text.len() > MAX_ID || !text.starts_with("https://") {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if url.as_str() != text || !bare || url.path() == "/" {
            return None;
        }
        // An address of numbers says nothing to people, and they are to judge by the host.
        let Some(Host::Domain(host)) = url.host() else {
            return None;
        };
        (!host.ends_with('.')).then(|| Self {
            id: id.clone(),
            host: host.to_owned(),
        })
    }

    /// The id.
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// The address, which is the id.
    pub fn as_str(&self) -> &str {
        self.id.as_str()
    }

    /// The host: what an impostor cannot choose.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// The host by whose word a client is what it is; none of those that somebody made here.
pub fn vouching_host(client: &Client) -> Option<String> {
    if client.registered_by != RegisteredBy::MetadataDocument {
        return None;
    }
    DocumentUrl::read(&client.client_id).map(|url| url.host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<DocumentUrl> {
        DocumentUrl::read(&ClientId::new(text))
    }

    #[test]
    fn an_address_of_a_document_is_read_letter_by_letter() {
        for (id, host) in [
            ("https://app.example/client.json", "app.example"),
            ("https://app.example/a/", "app.example"),
            ("https://app.example:8443/a/b%20c", "app.example"),
            ("https://xn--bcher-kva.example/a", "xn--bcher-kva.example"),
        ] {
            assert_eq!(read(id).expect(id).host(), host);
        }
        for id in [
            "",
            "wiki",
            "https:",
            "https://",
            "https://app.example",
            "https://app.example/",
            "http://app.example/client.json",
            "HTTPS://app.example/client.json",
            "https:app.example/client.json",
            "https:/app.example/client.json",
            "https://App.example/client.json",
            "https://app.example./client.json",
            "https://app.example:443/client.json",
            "https://b\u{fc}cher.example/a",
            "https://app.example/client.json?a=b",
            "https://app.example/client.json?",
            "https://app.example/client.json#a",
            "https://app.example/client.json#",
            "https://me@app.example/client.json",
            "https://me:pw@app.example/client.json",
            "https://@app.example/client.json",
            "https://app.example/a/../client.json",
            "https://app.example/./client.json",
            "https://app.example/a/%2e%2E/client.json",
            "https://app.example/a\\b",
            "https://app.example/a b",
            "https://app.example/\u{e4}",
            "https://app.example/a\n",
            " https://app.example/a",
            "https://10.0.0.1/client.json",
            "https://[::1]/client.json",
            "https://2130706433/client.json",
        ] {
            assert_eq!(read(id), None, "{id:?}");
        }
        let long = |length: usize| {
            let start = "https://app.example/";
            format!("{start}{}", "a".repeat(length - start.len()))
        };
        assert!(read(&long(MAX_ID)).is_some());
        assert_eq!(read(&long(MAX_ID + 1)), None);
    }

    proptest! {
        /// Whatever is read is one address alone, and what others would make of it is the same.
        #[test]
        fn what_is_read_has_one_meaning(
            text in "(https|http|HTTPS)?(:/{0,3})?[a-zA-Z0-9.@:\\[\\]%\u{e4}-]{0,20}[/\\\\]{0,2}[a-z0-9./%?#@ ;\\\\\u{e4}]{0,24}"
        ) {
            if let Some(url) = read(&text) {
                prop_assert!(text.is_ascii() && text.len() <= MAX_ID);
                let rest = text.strip_prefix("https://").unwrap();
                let (authority, path) = rest.split_once('/').unwrap();
                let host = authority.split_once(':').map_or(authority, |(host, _)| host);
                prop_assert_eq!(host, url.host());
                prop_assert!(!host.is_empty() && !path.is_empty());
                prop_assert!(!text.contains(['?', '#', '@', '\\', ' ']));
                prop_assert!(!path.split('/').any(|part| part == "." || part == ".."));
                prop_assert_eq!(url.as_str(), text.as_str());
            }
        }

        #[test]
        fn what_is_no_address_never_panics(text in "\\PC{0,300}") {
            let _ = read(&text);
            let _ = read(&format!("https://{text}"));
        }
    }
}
