//! The words of the audit and of ends, for people.

use crate::session::ending::Reason;

/// What is noted in the audit, and how it is said; in the order of the filter.
pub const ACTIONS: &[(&str, &str)] = &[
    ("sign_in", "Signed in"),
    ("sign_in_failed", "Refused a sign-in"),
    ("stale_cookie", "Met a cookie that was replaced long ago"),
    ("session.step_up", "Proved again who they are"),
    ("session.new_network", "Was seen in another network"),
    ("session.end", "Ended a session"),
    ("session.end_client", "Ended an app’s part of a session"),
    ("person.end_sessions", "Ended a person’s sessions"),
    (
        "person.end_client",
        "Took back what a person allowed an app",
    ),
    ("client.end_parts", "Signed everybody out of an app"),
    (
        "question.end_sessions",
        "Began to end the sessions that match",
    ),
    ("everything.end_sessions", "Signed everybody out"),
    ("mass_end.finished", "Finished an end of very many sessions"),
    ("grant.end", "Ended an app’s tokens"),
    ("notice_given_up", "Gave up telling an app of an end"),
    ("notice.send_again", "Sent a notice again"),
    ("notice_refused", "An app refused to be told of an end"),
    ("device.allow", "Allowed an app on a device"),
    ("device.deny", "Refused an app on a device"),
    ("device.throttled", "Typed too many wrong device codes"),
    ("person.create", "Made an account"),
    ("person.update", "Changed a person’s details"),
    ("person.enable", "Enabled a person"),
    ("person.disable", "Disabled a person"),
    ("person.delete", "Deleted a person"),
    ("person.promote", "Made a person an administrator"),
    (
        "person.demote",
        "Took the administrator’s role from a person",
    ),
    ("person.set_password", "Set a person’s password"),
    ("person.change_password", "Changed their own password"),
    ("client.create", "Made an app"),
    ("client.register", "Registered itself as an app"),
    ("client.update", "Changed an app"),
    ("client.enable", "Enabled an app"),
    ("client.disable", "Disabled an app"),
    ("client.delete", "Deleted an app"),
    ("client.rotate_secret", "Gave an app a new secret"),
    ("client.declare", "Read an app from the configuration"),
    (
        "client.withdraw",
        "Found an app gone from the configuration",
    ),
    ("initial_token.make", "Made a token for registering apps"),
    (
        "initial_token.revoke",
        "Took back a token for registering apps",
    ),
    ("setup_link.make", "Printed a set-up link"),
    ("key.make", "Made a signing key"),
    ("key.promote", "Began to sign with a key"),
    ("key.retire", "Took a signing key out of the key set"),
    ("key.drop", "Stopped believing a signing key"),
    ("key.remove", "Forgot a signing key"),
];

/// An action of the audit as it is said; a word of another version as it is.
pub fn action(word: &str) -> &str {
    let known = ACTIONS.iter().find(|(action, _)| *action == word);
    known.map_or(word, |(_, said)| said)
}

/// Why a line of the audit came about; a word of another version as it is.
pub fn cause(word: &str) -> &str {
    match word {
        "no_match" => "Name and password didn’t match",
        "throttled" => "Too many tries in a row",
        _ => Reason::parse(word).map_or(word, |known| reason(known)),
    }
}

/// Why a session ended.
pub const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::User => "Signed out by the person",
        Reason::Client => "Signed out by an app",
        Reason::Admin => "Ended by an administrator",
        Reason::Idle => "Not used for too long",
        Reason::Lifetime => "Its longest time was over",
        Reason::Limit => "Too many sessions at once",
        Reason::CredentialChange => "The password changed",
        Reason::Disabled => "Person or app disabled",
        Reason::Replaced => "Somebody else signed in there",
        Reason::Theft => "Signs of a stolen cookie",
        Reason::Reuse => "A code or token was used twice",
        Reason::Policy => "A rule of the house",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::record::AuditAction;

    #[test]
    fn whatever_is_written_to_the_audit_can_be_asked_for_and_is_said_in_words() {
        let written: BTreeSet<_> = AuditAction::ALL.iter().map(|one| one.as_str()).collect();
        let known: BTreeSet<_> = ACTIONS.iter().map(|(word, _)| *word).collect();
        assert_eq!(written, known);
    }

    #[test]
    fn each_action_and_each_reason_is_said_in_its_own_words() {
        let words: BTreeSet<_> = ACTIONS.iter().map(|(word, _)| word).collect();
        let said: BTreeSet<_> = ACTIONS.iter().map(|(_, said)| said).collect();
        assert_eq!((words.len(), said.len()), (ACTIONS.len(), ACTIONS.len()));
        let reasons: BTreeSet<_> = Reason::ALL.map(reason).into();
        assert_eq!(reasons.len(), Reason::ALL.len());
    }

    #[test]
    fn a_word_of_another_version_stands_as_it_is() {
        assert_eq!(action("sign_in"), "Signed in");
        assert_eq!(action("moon.land"), "moon.land");
        assert_eq!(cause("idle"), "Not used for too long");
        assert_eq!(cause("moonlight"), "moonlight");
    }
}
