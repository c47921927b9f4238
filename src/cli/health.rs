//! `lanyard health`: asks the server of this configuration whether it is ready. For containers and
//! scripts, which need no other program for it.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use super::load;
use super::outcome::{Failure, Outcome};
use crate::config::Config;
use crate::tls::{self, Pair};

/// For each step of the question.
const PATIENCE: Duration = Duration::from_secs(4);
/// More than the answer ever is, in bytes.
const LONGEST: u64 = 16 * 1024;

pub(super) fn run(file: Option<PathBuf>) -> Outcome {
    let config = load(file)?;
    let address = reachable(config.listen);
    let answer = ask(&config, address)
        .map_err(|error| Failure::new(format!("no answer from {address}: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        println!("ready");
        return Ok(());
    }
    let said = body.lines().next().unwrap_or_default();
    Err(Failure::new(format!(
        "{address} is not ready: {status} {said}"
    )))
}

/// Who listens on all addresses is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let address = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    SocketAddr::new(address, listen.port())
}

fn ask(config: &Config, address: SocketAddr) -> std::io::Result<String> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match &config.server.tls {
        None => converse(stream),
        Some(files) => {
            let pair = Pair::read(files).map_err(|flaws| {
                let flaws: Vec<_> = flaws.iter().map(ToString::to_string).collect();
                std::io::Error::other(flaws.join(" "))
            })?;
            converse(tls::connect(stream, &pair)?)
        }
    }
}

fn converse(mut stream: impl Read + Write) -> std::io::Result<String> {
    let question = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(question.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_server_is_asked() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
