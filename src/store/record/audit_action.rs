//! The words of the audit: what is written there is one of these, so that whoever shows or filters
//! it can know them all.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What was done, under the word that the audit keeps.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditAction {
            $($(#[$doc])* $name,)*
        }

        impl AuditAction {
            /// All of them, for filters.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word in the audit.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// Somebody signed in.
    SignIn = "sign_in";
    /// A name and a password were refused.
    SignInFailed = "sign_in_failed";
    /// A cookie was shown that was replaced long ago.
    StaleCookie = "stale_cookie";
    /// The person proved again who they are.
    SessionStepUp = "session.step_up";
    /// The session was seen in another network.
    SessionNewNetwork = "session.new_network";
    /// A session ended.
    SessionEnd = "session.end";
    /// An app's part of a session ended.
    SessionEndClient = "session.end_client";
    /// All sessions of a person ended.
    PersonEndSessions = "person.end_sessions";
    /// What a person allowed an app ended.
    PersonEndClient = "person.end_client";
    /// All that lived of an app ended.
    ClientEndParts = "client.end_parts";
    /// The sessions that matched a question began to end.
    QuestionEndSessions = "question.end_sessions";
    /// Every session ended.
    EverythingEndSessions = "everything.end_sessions";
    /// An end of very many is worked off.
    MassEndFinished = "mass_end.finished";
    /// A grant ended.
    GrantEnd = "grant.end";
    /// An app is not told any more of an end.
    NoticeGivenUp = "notice_given_up";
    /// A notice is sent again.
    NoticeSendAgain = "notice.send_again";
    /// An app refused to be told.
    NoticeRefused = "notice_refused";
    /// A person allowed an app on a device.
    DeviceAllow = "device.allow";
    /// A person refused one.
    DeviceDeny = "device.deny";
    /// Somebody typed too many codes that there are not.
    DeviceThrottled = "device.throttled";
    /// An account was made.
    PersonCreate = "person.create";
    /// Username or claims were edited.
    PersonUpdate = "person.update";
    /// May sign in again.
    PersonEnable = "person.enable";
    /// May not sign in any more.
    PersonDisable = "person.disable";
    /// The account and its personal data are gone.
    PersonDelete = "person.delete";
    /// Became an administrator.
    PersonPromote = "person.promote";
    /// Is none any more.
    PersonDemote = "person.demote";
    /// A password was set by somebody else.
    PersonSetPassword = "person.set_password";
    /// The person changed their own password.
    PersonChangePassword = "person.change_password";
    /// A client was made.
    ClientCreate = "client.create";
    /// Its metadata were edited.
    ClientUpdate = "client.update";
    /// It is taken again.
    ClientEnable = "client.enable";
    /// It is refused everywhere.
    ClientDisable = "client.disable";
    /// It is gone.
    ClientDelete = "client.delete";
    /// It has a new secret.
    ClientRotateSecret = "client.rotate_secret";
    /// The configuration file declares it, anew or otherwise than before.
    ClientDeclare = "client.declare";
    /// The configuration file declares it no more.
    ClientWithdraw = "client.withdraw";
    /// It made itself (RFC 7591).
    ClientRegister = "client.register";
    /// A set-up link was printed.
    SetupLinkMake = "setup_link.make";
    /// A token was made by which clients may register themselves.
    InitialTokenMake = "initial_token.make";
    /// It is void.
    InitialTokenRevoke = "initial_token.revoke";
    /// A signing key was made.
    KeyMake = "key.make";
    /// A key began to sign.
    KeyPromote = "key.promote";
    /// A key left the key set.
    KeyRetire = "key.retire";
    /// A key is believed no more.
    KeyDrop = "key.drop";
    /// A key was forgotten.
    KeyRemove = "key.remove";
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    /// An entry with a word of its own would be one that no filter and no page knows.
    #[test]
    fn every_line_of_the_audit_is_written_with_one_of_these_words() {
        let mut found = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut found,
        );
        let mut entries = 0;
        for path in found {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (at, _) in code.match_indices("AuditEntry {\n") {
                let entry = code[at..].split("\n    }").next().unwrap_or_default();
                let said = entry.lines().map(str::trim);
                for said in said.filter(|line| line.starts_with("action:")) {
                    entries += 1;
                    let sound = ["as_str().to_owned(),", "row.text(\"action\")?,"];
                    let path = path.display();
                    assert!(
                        sound.iter().any(|end| said.ends_with(end)),
                        "{path}: {said}"
                    );
                }
            }
        }
        assert!(entries > 8, "only {entries} were found");
    }
}
