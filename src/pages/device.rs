//! A session's browser and network, in words that a person recognises.

pub use crate::session::device::{asking, describe};

/// The same inside a sentence: "on an unknown browser", "on Firefox on Linux".
pub fn within(described: &str) -> String {
    for article in ["A ", "An "] {
        if let Some(rest) = described.strip_prefix(article) {
            return format!("{}{rest}", article.to_lowercase());
        }
    }
    described.to_owned()
}

/// What is known of where a session began: its network, as there is no map here.
pub fn network(coarse: &str) -> String {
    if coarse.is_empty() {
        "Unknown network".to_owned()
    } else {
        format!("Network {coarse}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_a_sentence_an_article_is_small() {
        assert_eq!(within("An unknown browser"), "an unknown browser");
        assert_eq!(within("A browser on Android"), "a browser on Android");
        assert_eq!(within("Firefox on Linux"), "Firefox on Linux");
    }

    #[test]
    fn a_network_is_called_one() {
        assert_eq!(network("192.0.2.0/24"), "Network 192.0.2.0/24");
        assert_eq!(network(""), "Unknown network");
    }
}
