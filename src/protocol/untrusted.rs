//! Authorization requests that are answered by a page and never by a redirect: neither the client
//! nor the place to go back to can be trusted (RFC 6749, 4.1.2.1; RFC 9700, 4.11).

/// Why a request cannot be trusted. (One over the bounds of [`super::params`] is not even read.)
///
/// Its [`Display`](std::fmt::Display) is a short line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// No `client_id`.
    #[error("The request names no app")]
    MissingClientId,
    /// Nobody registered it.
    #[error("This app is not known here")]
    UnknownClient,
    /// An administrator switched it off.
    #[error("This app is switched off")]
    DisabledClient,
    /// Its id is the address of a metadata document, which cannot be read now.
    #[error("The app's metadata document can't be read now")]
    NoDocument,
    /// The document makes no client.
    #[error("The app's metadata document can't be used")]
    BadDocument,
    /// None came, and it cannot be inferred.
    #[error("The request has no redirect URI")]
    MissingRedirectUri,
    /// It is not one of the client's.
    #[error("The redirect URI is not registered")]
    UnregisteredRedirectUri,
    /// `client_id` or `redirect_uri` came twice.
    #[error("The request repeats a parameter")]
    Repeated(&'static str),
    /// A pushed request that is not there: used, too old, another client's, or never pushed.
    #[error("The pushed request is used up or too old")]
    NoPushedRequest,
    /// A request object that cannot be taken, and nothing outside says where to tell it.
    #[error("The request object can't be read")]
    BadRequestObject,
}

impl Untrusted {
    /// A short line for headings and logs.
    pub fn problem(&self) -> String {
        self.to_string()
    }

    /// What the page says: stable English text, nothing of the request in it.
    pub fn text(&self) -> &'static str {
        match self {
            Self::MissingClientId => {
                "The address that led here has no client_id. The app that sent you must add it."
            }
            Self::UnknownClient => {
                "No app is registered under the client_id that led here. Its developer should \
                 compare it with the registration."
            }
            Self::DisabledClient => {
                "An administrator has switched this app off, so nobody can sign in to it."
            }
            Self::NoDocument => {
                "The client_id that led here is the address of a document that says what the app \
                 is, and it can't be read now. Try again in a minute."
            }
            Self::BadDocument => {
                "The client_id that led here is the address of a document that says what the app \
                 is, and it is not as it must be. Its developer should read how it is written."
            }
            Self::MissingRedirectUri => {
                "The address that led here does not say where to go back to. The app that sent \
                 you must add redirect_uri."
            }
            Self::UnregisteredRedirectUri => {
                "The redirect_uri that led here is not one of those registered for this app. It \
                 must be the same, character by character."
            }
            Self::Repeated("client_id") => {
                "The address that led here has more than one client_id. The app that sent you must \
                 send it once."
            }
            Self::NoPushedRequest => {
                "The sign-in that led here was used before, or waited too long. Go back to the \
                 app and begin again."
            }
            Self::BadRequestObject => {
                "The request that led here is not one that the app signed for us, or has expired. \
                 Go back to the app and begin again."
            }
            Self::Repeated(_) => {
                "The address that led here has more than one redirect_uri. The app that sent you \
                 must send it once."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_says_something_of_its_own() {
        let all = [
            Untrusted::MissingClientId,
            Untrusted::UnknownClient,
            Untrusted::DisabledClient,
            Untrusted::NoDocument,
            Untrusted::BadDocument,
            Untrusted::MissingRedirectUri,
            Untrusted::UnregisteredRedirectUri,
            Untrusted::Repeated("client_id"),
            Untrusted::Repeated("redirect_uri"),
            Untrusted::NoPushedRequest,
            Untrusted::BadRequestObject,
        ];
        let texts: HashSet<_> = all.iter().map(Untrusted::text).collect();
        assert_eq!(texts.len(), all.len());
        assert_eq!(all[1].problem(), "This app is not known here");
    }
}
