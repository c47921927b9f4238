//! How often signing keys change.

use super::duration::show;
use super::keys;
use super::reader::Reader;
use super::resolved::SigningKeys;
use crate::protocol::signing_alg::SigningAlg;

/// Reads the `keys` section. A key that must be known for longer than another signs would always
/// be late.
pub(super) fn resolve(reader: &mut Reader<'_>) -> Option<SigningKeys> {
    let rotate_every = reader.duration(&keys::ROTATE_EVERY);
    let publish_ahead = reader.duration(&keys::PUBLISH_AHEAD);
    let algs = algs(reader);
    let (rotate_every, publish_ahead) = (rotate_every?, publish_ahead?);
    if publish_ahead <= rotate_every {
        return Some(SigningKeys {
            rotate_every,
            publish_ahead,
            algs: algs?,
        });
    }
    let (ahead, every) = (show(publish_ahead), show(rotate_every));
    if reader.is_given(&keys::PUBLISH_AHEAD) {
        let text = format!(
            "{ahead} is longer than {} ({every}): the next key would always come late. Write \
             {every} or less.",
            keys::ROTATE_EVERY.name
        );
        reader.refuse(&keys::PUBLISH_AHEAD, text);
    } else {
        let text = format!(
            "{every} is shorter than {} ({ahead} by default). Set that to {every} or less.",
            keys::PUBLISH_AHEAD.name
        );
        reader.refuse(&keys::ROTATE_EVERY, text);
    }
    None
}

/// The algorithms that every house has keys for, and those that are wanted beside them.
fn algs(reader: &mut Reader<'_>) -> Option<Vec<SigningAlg>> {
    let mut wanted = SigningAlg::ALWAYS.to_vec();
    for word in reader.list(&keys::EXTRA_ALGORITHMS) {
        let Some(alg) = SigningAlg::parse(&word) else {
            let known = SigningAlg::ALL.map(SigningAlg::as_str).join(", ");
            let text = format!("{word:?} is not supported. Write some of {known}.");
            reader.refuse(&keys::EXTRA_ALGORITHMS, text);
            return None;
        };
        if !wanted.contains(&alg) {
            wanted.push(alg);
        }
    }
    Some(wanted)
}
