//! `[server]`: whom it believes, whether it speaks TLS, and how long it waits for whom.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use super::issuer::Issuer;
use super::key_file::{self, Others};
use super::keys;
use super::reader::Reader;
use super::resolved::Server;
use crate::tls::{Flaw, Pair, PairFiles};

/// Reads `[server]` but for the address to listen on.
pub(super) fn resolve(reader: &mut Reader<'_>, issuer: Option<&Issuer>) -> Option<Server> {
    let trusted_proxies = trusted_proxies(reader);
    let tls = tls(reader, issuer);
    let request_timeout = reader.duration(&keys::REQUEST_TIMEOUT);
    let keep_alive = reader.duration(&keys::KEEP_ALIVE);
    let max_connections = reader.number(&keys::MAX_CONNECTIONS);
    let stop_delay = reader.duration(&keys::STOP_DELAY);
    Some(Server {
        trusted_proxies,
        tls,
        request_timeout: request_timeout?,
        keep_alive: keep_alive?,
        max_connections: usize::try_from(max_connections?).ok()?,
        stop_delay: stop_delay?,
    })
}

fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<IpNet> {
    let key = &keys::TRUSTED_PROXIES;
    let mut networks = Vec::new();
    for part in reader.list(key) {
        match network(&part) {
            Ok(network) => networks.push(network),
            Err(problem) => reader.refuse(key, problem),
        }
    }
    networks
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = |text: &str| text.parse::<IpAddr>().ok().map(IpNet::from);
    let Some(network) = text.parse().ok().or_else(|| address(text)) else {
        return Err(format!(
            "{text:?} is neither an address nor a network. Write 127.0.0.1, 10.0.0.0/8, ::1 or \
             fd00::/8."
        ));
    };
    if network.prefix_len() == 0 {
        return Err(format!(
            "{text:?} is everybody: each could write an address of their choice. Write the \
             addresses of your proxies."
        ));
    }
    // What connects from an IPv4 address is one, however the socket writes it.
    if let IpNet::V6(wide) = network
        && wide.addr().to_ipv4_mapped().is_some()
    {
        return Err(format!(
            "{text:?} is an IPv4 network in the clothes of IPv6. Write it with dots: 10.0.0.0/8."
        ));
    }
    Ok(network)
}

fn tls(reader: &mut Reader<'_>, issuer: Option<&Issuer>) -> Option<PairFiles> {
    let (certificate, key) = (&keys::TLS_CERTIFICATE, &keys::TLS_KEY);
    let (present, absent) = match (reader.is_given(certificate), reader.is_given(key)) {
        (false, false) => return None,
        (true, true) => {
            let files = PairFiles {
                certificate: PathBuf::from(reader.text(certificate)?.as_str()),
                key: PathBuf::from(reader.text(key)?.as_str()),
            };
            return checked(reader, issuer, files);
        }
        (true, false) => (certificate, key),
        (false, true) => (key, certificate),
    };
    let text = format!(
        "There is no {}, and TLS needs both. Write it, or remove this key for plain http.",
        absent.name
    );
    reader.refuse(present, text);
    None
}

fn checked(
    reader: &mut Reader<'_>,
    issuer: Option<&Issuer>,
    files: PairFiles,
) -> Option<PairFiles> {
    if let Some(issuer) = issuer.filter(|issuer| !issuer.is_https()) {
        let text = format!(
            "The issuer is {issuer}, and the server speaks https. Write an issuer that begins with \
             https://, or remove the TLS keys."
        );
        reader.refuse(&keys::TLS_CERTIFICATE, text);
    }
    let warning = key_file::permissions(&files.key, Others::Read, "the key of TLS");
    reader.warnings.extend(warning);
    match Pair::read(&files) {
        Ok(pair) => {
            warn_of_other_name(reader, issuer, &pair, &files);
            Some(files)
        }
        Err(flaws) => {
            for flaw in flaws {
                let key = match &flaw {
                    Flaw::Certificate(_) => &keys::TLS_CERTIFICATE,
                    Flaw::Key(_) => &keys::TLS_KEY,
                };
                reader.refuse(key, flaw.to_string());
            }
            None
        }
    }
}

fn warn_of_other_name(
    reader: &mut Reader<'_>,
    issuer: Option<&Issuer>,
    pair: &Pair,
    files: &PairFiles,
) {
    let host = issuer.map(|issuer| issuer.host().trim_matches(['[', ']']));
    if let Some(host) = host.filter(|host| !pair.is_for(host)) {
        reader.warnings.push(format!(
            "server.tls_certificate: the first certificate in {} is not for {host}, the host of \
             the issuer: browsers will refuse it. Write one with that name in it.",
            files.certificate.display()
        ));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn networks() {
        for (text, network) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.1.2.3", Some("10.1.2.3/32")),
            ("fd00::/8", Some("fd00::/8")),
            ("::1", Some("::1/128")),
            ("", None),
            ("10.0.0.0/33", None),
            ("10.0.0", None),
            ("proxy.internal", None),
            ("0.0.0.0/0", None),
            ("::/0", None),
            ("::ffff:10.0.0.0/104", None),
            ("[::1]", None),
            ("10.0.0.1:80", None),
        ] {
            let found = super::network(text).ok().map(|network| network.to_string());
            assert_eq!(found.as_deref(), network, "{text:?}");
        }
    }
}
