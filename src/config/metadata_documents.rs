//! `[metadata_documents]`: whether apps may be what a document at their id says.

use url::{Host, Url};

use super::host;
use super::keys;
use super::reader::Reader;
use super::registration::scopes;
use super::resolved::{MetadataDocuments, WhoseDocuments};

/// Reads `[metadata_documents]`.
pub(super) fn resolve(reader: &mut Reader<'_>) -> Option<MetadataDocuments> {
    let words = [
        ("nobody", WhoseDocuments::Nobodys),
        ("listed_hosts", WhoseDocuments::OfListedHosts),
        ("any_host", WhoseDocuments::OfAnyHost),
    ];
    let whose = reader.choice(&keys::DOCUMENTS, &words);
    let before = reader.errors.len();
    let hosts = hosts(reader);
    let sound = reader.errors.len() == before;
    let scopes = scopes(reader, &keys::DOCUMENTS_SCOPES);
    let max_clients = reader.number(&keys::DOCUMENTS_MAX);
    if whose == Some(WhoseDocuments::OfListedHosts) && hosts.is_empty() && sound {
        reader.refuse(
            &keys::DOCUMENTS,
            "It is listed_hosts, and metadata_documents.hosts lists none. Write hosts there, such \
             as [\"app.example.com\"], or any_host here.",
        );
    }
    if whose == Some(WhoseDocuments::Nobodys) && !hosts.is_empty() {
        let text = "metadata_documents.hosts lists hosts, but metadata_documents.open_to is \
                    nobody, so that no document is read. Write open_to = \"listed_hosts\", or \
                    remove hosts.";
        reader.warnings.push(text.to_owned());
    }
    Some(MetadataDocuments {
        whose: whose?,
        hosts,
        scopes: scopes?,
        max_clients: u32::try_from(max_clients?).ok()?,
    })
}

/// Names of hosts, as addresses spell them.
fn hosts(reader: &mut Reader<'_>) -> Vec<String> {
    let key = &keys::DOCUMENTS_HOSTS;
    let mut hosts = Vec::new();
    for part in reader.list(key) {
        if is_host(&part) {
            hosts.push(part);
        } else {
            let problem = format!(
                "{part:?} is not the name of a host as addresses spell it. Write app.example.com: \
                 small letters, no scheme, port or path, an international name in its xn-- form. \
                 There are no wildcards: list each host."
            );
            reader.refuse(key, problem);
        }
    }
    hosts
}

fn is_host(text: &str) -> bool {
    let url = Url::parse(&format!("https://{text}/"));
    let spelled = |url: &Url| url.host() == Some(Host::Domain(text));
    host::is_name(text) && url.is_ok_and(|url| spelled(&url) && url.port().is_none())
}
