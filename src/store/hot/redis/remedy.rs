//! What an operator can do about an error: the key of the configuration, and the remedy. Nothing of
//! what a server may quote of our arguments.

use std::time::Duration;

use redis::{ErrorKind, RedisError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::settings::{Address, Login, RedisSettings, Topology};

/// How long a server may take to show what it speaks.
const SNIFF: Duration = Duration::from_millis(500);
/// How a record of TLS begins that says no (RFC 8446, 5.1: alert).
const ALERT: u8 = 21;
const RIGHTS: &str = "docs/storage.md prints the rights that it needs";

/// Why a call failed, where that is known to be a matter of settings.
pub(super) fn of_call(error: &RedisError) -> Option<String> {
    let detail = error.detail().unwrap_or_default();
    if detail.contains("The user executing the script") {
        return Some(format!(
            "the ACL user lacks a right to a command or key that a script uses: {RIGHTS}"
        ));
    }
    match error.code()? {
        "NOPERM" => Some(missing_right(detail)),
        "NOAUTH" => Some(
            "it wants a password: write redis.password_file (or redis.password), and a user of \
             its ACL in redis.url if it is not for the default user"
                .to_owned(),
        ),
        _ => None,
    }
}

fn missing_right(detail: &str) -> String {
    let what = match denied(detail) {
        Some(command) => format!("the command {command}"),
        None if detail.contains("channel") => "the channel of redis.key_prefix".to_owned(),
        None => "the keys of redis.key_prefix".to_owned(),
    };
    format!("the ACL user has no right to {what} (NOPERM): {RIGHTS}")
}

/// The name of the command that a server denies.
pub(super) fn denied(detail: &str) -> Option<&str> {
    let (_, rest) = detail.split_once("run the '")?;
    let (command, _) = rest.split_once('\'')?;
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"|-_.".contains(&byte);
    (command.len() < 64 && command.bytes().all(sound)).then_some(command)
}

/// Why no connection came about.
pub(super) async fn of_connecting(
    settings: &RedisSettings,
    address: &Address,
    login: &Login,
    error: &RedisError,
) -> Option<String> {
    if error.kind() == ErrorKind::AuthenticationFailed || error.code() == Some("WRONGPASS") {
        return Some(refused_login(settings, login));
    }
    // A plain server waits for the end of the line that it takes the first words of TLS for.
    let waited = error.is_timeout() && !settings.tls;
    if error.is_connection_refusal() || waited || error.code().is_some() {
        return None;
    }
    let plain = speaks_plainly(address).await?;
    match (settings.tls, plain) {
        (true, true) => Some(
            "it speaks no TLS on this port: write the port that does in redis.url, or redis:// \
             instead of rediss://"
                .to_owned(),
        ),
        (false, false) => Some(
            "it does not speak plain Redis, perhaps TLS: write rediss:// in redis.url, and \
             redis.ca_file if a private authority made the certificate"
                .to_owned(),
        ),
        (true, false) => Some(
            "no TLS came about: is the host in redis.url the one in its certificate, and does \
             redis.ca_file hold the authority that made it?"
                .to_owned(),
        ),
        (false, true) => None,
    }
}

fn refused_login(settings: &RedisSettings, login: &Login) -> String {
    let user = login.username.as_deref().unwrap_or("default");
    let of_sentinels = matches!(
        &settings.topology,
        Topology::Sentinel { login: theirs, .. } if std::ptr::eq(theirs, login)
    );
    let (password, place) = if of_sentinels {
        ("redis.sentinel_password", "redis.sentinel_username")
    } else {
        ("redis.password", "redis.url")
    };
    format!(
        "it refuses the password of the user {user}: mend {password}_file (or {password}), or the \
         user in {place}"
    )
}

/// Whether a server answers to plain words; `None` if it cannot be reached or says nothing.
async fn speaks_plainly(address: &Address) -> Option<bool> {
    let talk = async {
        let mut stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut first = [0_u8; 1];
        let read = stream.read(&mut first).await;
        // One that wants TLS says so in its own words, or leaves.
        Ok::<_, std::io::Error>(match read {
            Ok(1) => first[0] != ALERT && matches!(first[0], b'+' | b'-'),
            _ => false,
        })
    };
    tokio::time::timeout(SNIFF, talk).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_commands_name_is_taken_from_a_refusal() {
        for (detail, command) in [
            (
                "this user has no permissions to run the 'hset' command",
                Some("hset"),
            ),
            (
                "User lanyard has no permissions to run the 'cluster|slots' command",
                Some("cluster|slots"),
            ),
            ("No permissions to access a key", None),
            ("run the 'se cret\r\n' command", None),
            ("run the 'open", None),
        ] {
            assert_eq!(denied(detail), command, "{detail}");
        }
    }
}
