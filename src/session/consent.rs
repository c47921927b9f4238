//! Whether a person must be asked before a client gets what it wants.

/// What is known before the person is asked.
#[derive(Clone, Copy, Debug)]
pub struct ConsentFacts<'a> {
    /// Runs under the same roof.
    pub first_party: bool,
    /// A public client whose redirect URI any program on the machine could take (loopback or
    /// private-use scheme): an earlier yes proves nothing about who asks now (RFC 8252, 8.6).
    pub impersonable: bool,
    /// Scopes that the person allowed this client before.
    pub remembered: Option<&'a [String]>,
    /// Scopes asked for now.
    pub requested: &'a [String],
}

/// Where consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody needs to be asked.
    Settled,
    /// The person must be asked.
    Needed,
}

/// Judges the facts. `prompt=consent` is the caller's: it asks even where this is settled.
pub fn standing(facts: ConsentFacts<'_>) -> Standing {
    let remembered = facts.remembered.is_some_and(|allowed| {
        !facts.impersonable && facts.requested.iter().all(|scope| allowed.contains(scope))
    });
    if facts.first_party || remembered {
        Standing::Settled
    } else {
        Standing::Needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let scopes = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let requested = scopes(&["openid", "email"]);
        for (name, first_party, impersonable, remembered, expected) in [
            ("a stranger", false, false, None, Standing::Needed),
            ("first party", true, false, None, Standing::Settled),
            (
                "remembered",
                false,
                false,
                Some(scopes(&["email", "openid"])),
                Standing::Settled,
            ),
            (
                "more than remembered",
                false,
                false,
                Some(scopes(&["openid"])),
                Standing::Needed,
            ),
            (
                "impersonable",
                false,
                true,
                Some(scopes(&["openid", "email"])),
                Standing::Needed,
            ),
        ] {
            let facts = ConsentFacts {
                first_party,
                impersonable,
                remembered: remembered.as_deref(),
                requested: &requested,
            };
            assert_eq!(standing(facts), expected, "{name}");
        }
    }
}
