//! What the operator wrote, and where: a value for each known key, not yet judged.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::error::Place;

/// The values given, by the name of their key. A key that is absent has its default.
pub(super) type Raw = BTreeMap<&'static str, Setting>;

/// One value and where it was written.
pub(super) struct Setting {
    /// The value.
    pub(super) value: Value,
    /// Where it was written.
    pub(super) place: Place,
}

/// A value as it was written. It has no `Debug`: it may be a secret.
pub(super) enum Value {
    /// A string of the file.
    Text(Zeroizing<String>),
    /// A whole number of the file; `None` if it is negative or too large.
    Number(Option<u64>, String),
    /// An environment variable: a text or a number, as the key demands.
    Variable(Zeroizing<String>),
    /// A list of strings of the file.
    List(Vec<String>),
    /// Something that no key takes, by the name of its kind.
    Other(&'static str),
}
