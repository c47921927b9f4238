//! `[delivery]`: how apps are told of ends, and where within private networks they may live.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use super::certificates;
use super::host;
use super::keys;
use super::reader::Reader;
use super::resolved::Delivery;
use crate::outbound::AllowList;

/// Reads `[delivery]`.
pub(super) fn resolve(reader: &mut Reader<'_>) -> Option<Delivery> {
    let timeout = reader.duration(&keys::DELIVERY_TIMEOUT);
    let give_up_after = reader.duration(&keys::DELIVERY_GIVE_UP);
    let allow = allow(reader);
    let ca_pem = ca_pem(reader);
    Some(Delivery {
        timeout: timeout?,
        give_up_after: give_up_after?,
        allow,
        ca_pem,
    })
}

fn ca_pem(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let key = &keys::DELIVERY_CA_FILE;
    let path = PathBuf::from(reader.text(key)?.as_str());
    let read = certificates::read(&path);
    read.map_err(|problem| reader.refuse(key, problem)).ok()
}

fn allow(reader: &mut Reader<'_>) -> AllowList {
    let key = &keys::DELIVERY_ALLOW;
    let mut allow = AllowList::default();
    for part in reader.list(key) {
        match place(&part) {
            Some(Place::Network(network)) => allow.networks.push(network),
            Some(Place::Host(host)) => allow.hosts.push(host),
            None => {
                let problem = format!(
                    "{part:?} is neither a network nor the name of a host. Write 10.1.0.0/16, \
                     127.0.0.1, fd00::/8 or wiki.internal."
                );
                reader.refuse(key, problem);
            }
        }
    }
    allow
}

enum Place {
    Network(IpNet),
    Host(String),
}

fn place(text: &str) -> Option<Place> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    if let Some(network) = text.parse().ok().or_else(address) {
        // An address of IPv4 is judged as one, however it is written.
        let disguised =
            matches!(network, IpNet::V6(wide) if wide.addr().to_ipv4_mapped().is_some());
        return (!disguised).then_some(Place::Network(network));
    }
    host::is_name(text).then(|| Place::Host(text.to_owned()))
}
