//! What an address of PostgreSQL shows, and what it does not.

use url::Url;

/// Whether a URL is for PostgreSQL.
pub(super) fn is_url(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// A URL without its user, password and parameters.
pub(super) fn shown(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return "postgres://…".to_owned();
    };
    let port = url.port().map(|port| format!(":{port}"));
    format!(
        "postgres://{}{}{}",
        url.host_str().unwrap_or_default(),
        port.unwrap_or_default(),
        url.path()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_shown_without_who_and_how() {
        let url = "postgresql://u:hunter2@db:5433/l?password=hunter2";
        assert_eq!(shown(url), "postgres://db:5433/l");
        assert_eq!(shown("postgres://u:hunter2@"), "postgres://…");
    }
}
