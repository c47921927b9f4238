//! What a field of the form of an app is.

use crate::pages::fields::Input;

/// A field of the form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) what: What,
}

/// What a field takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Text(Input),
    Tick,
    /// One of these, all seen: value, label, and what it means.
    Radio(&'static [(&'static str, &'static str, &'static str)]),
    /// One of these.
    Select(&'static [(&'static str, &'static str)]),
}

pub(super) const fn text(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    input: Input,
) -> Spec {
    let what = What::Text(input);
    Spec {
        name,
        label,
        hint,
        what,
    }
}

pub(super) const fn tick(name: &'static str, label: &'static str, hint: &'static str) -> Spec {
    Spec {
        name,
        label,
        hint,
        what: What::Tick,
    }
}

pub(super) const fn select(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    choices: &'static [(&'static str, &'static str)],
) -> Spec {
    Spec {
        name,
        label,
        hint,
        what: What::Select(choices),
    }
}
