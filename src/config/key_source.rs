//! Where the master key comes from.

use std::fmt;
use std::path::PathBuf;

use super::error::ConfigError;
use super::key_file;
use super::master_key::MasterKey;
use crate::entropy::Entropy;

/// Where the master key comes from.
#[derive(Clone)]
pub enum KeySource {
    /// It was given, or lies in the data folder.
    Known(MasterKey),
    /// It is to be made in this file at the first start: all state is in the data folder, so that
    /// key and record come and go together.
    ToBeMade(PathBuf),
}

impl KeySource {
    /// The key; made now if there is none yet.
    pub fn obtain(&self, entropy: &Entropy) -> Result<MasterKey, ConfigError> {
        match self {
            Self::Known(key) => Ok(key.clone()),
            Self::ToBeMade(path) => key_file::make(path, entropy),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(_) => f.write_str("Known(…)"),
            Self::ToBeMade(path) => f.debug_tuple("ToBeMade").field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_key_does_not_show() {
        let key = MasterKey::random(&Entropy::seeded(1));
        assert_eq!(format!("{:?}", KeySource::Known(key)), "Known(…)");
    }
}
