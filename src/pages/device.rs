//! A session's browser and network, in words that a person recognises.

pub use crate::session::device::{asking, describe};

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
    fn a_network_is_called_one() {
        assert_eq!(network("192.0.2.0/24"), "Network 192.0.2.0/24");
        assert_eq!(network(""), "Unknown network");
    }
}
