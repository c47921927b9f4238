//! Clients that the file declares: `[[clients]]`, members named as in RFC 7591.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::error::{ConfigError, Place};
use super::key_file::{self, Others};
use super::nearest;
use super::secret::{Secret, text_of};
use crate::entropy::{ClientId, SecretHash};
use crate::protocol::client::{Client, RegisteredBy};
use crate::protocol::client_bounds::Bounds;
use crate::protocol::client_metadata::{self, MetadataError, checked_id};
use crate::protocol::client_requests;
use crate::protocol::client_secret;
use crate::protocol::client_tokens;

/// A shorter secret could be guessed from its hash, or at the token endpoint.
const SHORTEST_SECRET: usize = 16;
const MAKE_SECRET: &str = "Make one with: openssl rand -base64 32";

/// One `[[clients]]` of the file, not yet judged. It has no `Debug`: it may hold a secret.
pub(super) struct Declared {
    /// Where it begins.
    pub(super) place: Place,
    /// Its members, each with its place.
    pub(super) members: Vec<(String, Place, Value)>,
}

/// Judges all of them; what is wrong goes to `errors`, each thing where it stands. Of clients that
/// sign with their secrets, these come along.
pub(super) fn judge(
    declared: Vec<Declared>,
    bounds: Option<&Bounds>,
    errors: &mut Vec<ConfigError>,
    warnings: &mut Vec<String>,
) -> (Vec<Client>, BTreeMap<ClientId, Secret>) {
    let mut clients: Vec<Client> = Vec::new();
    let mut secrets = BTreeMap::new();
    for (at, one) in declared.into_iter().enumerate() {
        let one = Judged::new(at, one);
        let Some((client, secret)) = one.client(errors, warnings) else {
            continue;
        };
        if let Some(Err(error)) = bounds.map(|bounds| bounds.check(&client)) {
            errors.push(one.refuse(&error));
            continue;
        }
        if clients
            .iter()
            .any(|known| known.client_id == client.client_id)
        {
            let text = "Another client of this file has this id. Choose another.";
            errors.push(one.error("client_id", text));
            continue;
        }
        let secret = secret.filter(|_| client.signs_with_secret());
        secrets.extend(secret.map(|secret| (client.client_id.clone(), Secret::new(secret))));
        clients.push(client);
    }
    (clients, secrets)
}

/// A declared client, its members apart from its secret.
struct Judged {
    /// `clients.wiki`, or `clients[2]` without an id.
    name: String,
    place: Place,
    places: Vec<(String, Place)>,
    metadata: Map<String, Value>,
}

impl Judged {
    fn new(at: usize, declared: Declared) -> Self {
        let mut places = Vec::new();
        let mut metadata = Map::new();
        for (name, place, value) in declared.members {
            places.push((name.clone(), place));
            metadata.insert(name, value);
        }
        let name = match metadata.get("client_id").and_then(Value::as_str) {
            Some(id) => format!("clients.{id}"),
            None => format!("clients[{at}]"),
        };
        Self {
            name,
            place: declared.place,
            places,
            metadata,
        }
    }

    /// An error at a member, such as `redirect_uris[0]`, or at the whole if it is absent.
    fn error(&self, member: &str, text: impl Into<String>) -> ConfigError {
        let whole = member.split('[').next().unwrap_or(member);
        let known = self.places.iter().find(|(name, _)| name == whole);
        let place = known.map_or(&self.place, |(_, place)| place);
        ConfigError::of_key(place.clone(), &format!("{}.{member}", self.name), text)
    }

    fn refuse(&self, error: &MetadataError) -> ConfigError {
        let text = format!("{}. {}.", capital(&error.problem), capital(&error.remedy));
        self.error(&error.member, text)
    }

    fn client(
        &self,
        errors: &mut Vec<ConfigError>,
        warnings: &mut Vec<String>,
    ) -> Option<(Client, Option<Zeroizing<String>>)> {
        let before = errors.len();
        errors.extend(self.strangers());
        let secret = self.secret(errors, warnings);
        let id = match self.metadata.get("client_id") {
            Some(Value::String(id)) => checked_id(id),
            _ => Err(MetadataError::new(
                "client_id",
                "is absent, or no text",
                "write a name of your choice, such as client_id = \"wiki\"",
            )),
        };
        let mut metadata = self.metadata.clone();
        metadata.retain(|name, _| !OURS.contains(&name.as_str()));
        let client = id.and_then(|id| client_metadata::parse(&Value::Object(metadata), id));
        let mut client = match client {
            Ok(client) => client,
            Err(error) => {
                errors.push(self.refuse(&error));
                return None;
            }
        };
        client.registered_by = RegisteredBy::File;
        client.secret_hash = secret.as_deref().map(|secret| SecretHash::of_text(secret));
        let given = OURS
            .iter()
            .any(|name| *name != "client_id" && self.has(name));
        if !client.has_secret() && given {
            let text = "A public client has no secret, nor has one with keys; token_endpoint_auth_method says which. \
                        Remove one of the two.";
            let named = OURS.iter().rev().find(|name| self.has(name));
            errors.push(self.error(named.unwrap_or(&"client_secret"), text));
        } else if client.has_secret() && !given {
            let text = format!(
                "It is absent. Write client_secret_file (or client_secret), or, for an app that \
                 can't keep a secret, token_endpoint_auth_method = \"none\". {MAKE_SECRET}"
            );
            errors.push(self.error("client_secret_file", text));
        }
        errors.extend(
            secret
                .as_ref()
                .and_then(|secret| self.too_short(&client, secret)),
        );
        (errors.len() == before).then_some((client, secret))
    }

    /// A secret that verifies signatures is as long as their hash (RFC 7518, 3.2).
    fn too_short(&self, client: &Client, secret: &str) -> Option<ConfigError> {
        let least = client_secret::shortest_to_sign(client.token_endpoint_auth_signing_alg);
        if !client.signs_with_secret() || secret.len() >= least {
            return None;
        }
        let text = format!(
            "The secret has less than {least} bytes, too few for an app that signs with it. Make \
             one with: openssl rand -base64 48"
        );
        let inline = self.has("client_secret");
        let member = if inline {
            "client_secret"
        } else {
            "client_secret_file"
        };
        Some(self.error(member, text))
    }

    fn has(&self, member: &str) -> bool {
        self.metadata.contains_key(member)
    }

    /// Members that nobody reads: one that is misspelt must not be passed over.
    fn strangers(&self) -> Vec<ConfigError> {
        let told = |name: &String| Some(self.error(name, unknown_member(name, &OURS)?));
        let names = self.places.iter();
        names.filter_map(|(name, _)| told(name)).collect()
    }

    fn secret(
        &self,
        errors: &mut Vec<ConfigError>,
        warnings: &mut Vec<String>,
    ) -> Option<Zeroizing<String>> {
        let (inline, file) = ("client_secret", "client_secret_file");
        let (member, found) = match (self.metadata.get(inline), self.metadata.get(file)) {
            (None, None) => return None,
            (Some(_), Some(_)) => {
                let text = "client_secret is given too. Remove one of the two.";
                errors.push(self.error(file, text));
                return None;
            }
            (Some(Value::String(secret)), None) => (inline, Ok(Zeroizing::new(secret.clone()))),
            (None, Some(Value::String(path))) => {
                let path = Path::new(path);
                let noun = "the secret of a client";
                warnings.extend(key_file::permissions(path, Others::Read, noun));
                (file, text_of(path))
            }
            (Some(_), None) => (
                inline,
                Err("It is no text. Write it in \"quotes\".".to_owned()),
            ),
            (None, Some(_)) => (
                file,
                Err("It is no text. Write it in \"quotes\".".to_owned()),
            ),
        };
        let judged = found.and_then(|secret| {
            if secret.chars().count() < SHORTEST_SECRET {
                let text =
                    format!("The secret has less than {SHORTEST_SECRET} characters. {MAKE_SECRET}");
                return Err(text);
            }
            if secret.chars().any(char::is_control) {
                return Err(
                    "The secret has more than one line, or a control character. Write one \
                            line."
                        .to_owned(),
                );
            }
            Ok(secret)
        });
        match judged {
            Ok(secret) => Some(secret),
            Err(text) => {
                errors.push(self.error(member, text));
                None
            }
        }
    }
}

/// What is said of a member of a client's metadata that is neither known nor one of `more`.
pub fn unknown_member(name: &str, more: &[&str]) -> Option<String> {
    let known = client_metadata::MEMBERS
        .iter()
        .chain(&client_tokens::MEMBERS)
        .chain(&client_requests::MEMBERS)
        .chain(more)
        .copied();
    if known.clone().any(|known| known == name) {
        return None;
    }
    Some(match nearest::of(name, known) {
        Some(nearest) => format!("There is no such member. Did you mean {nearest}?"),
        None => "There is no such member. Remove it; docs/configuration.md lists them.".to_owned(),
    })
}

/// Members that are not metadata.
const OURS: [&str; 3] = ["client_id", "client_secret", "client_secret_file"];

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::{Source, load};
    use super::*;
    use crate::protocol::client::LogoutScope;

    fn loaded(text: &str) -> Result<Vec<Client>, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanyard.toml");
        std::fs::write(&file, text).unwrap();
        let shown = format!("{}:", file.display());
        let source = Source {
            file: Some(file),
            environment: Vec::new(),
        };
        match load(source) {
            Ok(config) => Ok(config.clients),
            Err(errors) => Err(errors
                .iter()
                .map(|error| error.to_string().replace(&shown, ""))
                .collect()),
        }
    }

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_declared_client() {
        let text = format!(
            "issuer = \"https://login.example.com\"\n\
             [[clients]]\n\
             client_id = \"wiki\"\n\
             client_name = \"Wiki\"\n\
             client_secret = \"{SECRET}\"\n\
             redirect_uris = [\"https://wiki.example.com/cb\"]\n\
             grant_types = [\"authorization_code\", \"refresh_token\"]\n\
             first_party = true\n\
             default_max_age = 3600\n\
             notify_on_idle = false\n\
             logout_scope = \"client\"\n\
             [[clients]]\n\
             client_id = \"notes\"\n\
             token_endpoint_auth_method = \"none\"\n\
             application_type = \"native\"\n\
             redirect_uris = [\"com.example.notes:/cb\"]\n"
        );
        let clients = loaded(&text).unwrap();
        let [wiki, notes] = &clients[..] else {
            panic!("{clients:?}")
        };
        assert_eq!(wiki.client_id.as_str(), "wiki");
        assert_eq!(wiki.client_name, "Wiki");
        assert_eq!(wiki.secret_hash, Some(SecretHash::of_text(SECRET)));
        assert_eq!(wiki.registered_by, RegisteredBy::File);
        assert_eq!(wiki.default_max_age, Some(3_600));
        assert_eq!(wiki.logout_scope, LogoutScope::Client);
        assert!(!wiki.notify_on_idle && notes.notify_on_idle);
        assert!(wiki.first_party && wiki.enabled);
        assert!(notes.is_public() && notes.secret_hash.is_none());
        assert!(!format!("{clients:?}").contains(SECRET));
    }

    #[test]
    fn a_secret_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wiki");
        std::fs::write(&path, format!("{SECRET}\n")).unwrap();
        let text = |path: &Path| {
            format!(
                "[[clients]]\nclient_id = \"wiki\"\nredirect_uris = [\"https://a.example/cb\"]\n\
                 client_secret_file = \"{}\"\n",
                path.display()
            )
        };
        let clients = loaded(&text(&path)).unwrap();
        assert_eq!(clients[0].secret_hash, Some(SecretHash::of_text(SECRET)));
        let errors = loaded(&text(&folder.path().join("nowhere"))).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert!(
            errors[0].starts_with("4: clients.wiki.client_secret_file: There is no file "),
            "{errors:?}"
        );
    }

    const GOOD: &str = "redirect_uris = [\"https://a.example/cb\"]\n";

    fn each_is_told<const N: usize>(cases: [(String, &str); N]) {
        for (text, start) in cases {
            let errors = loaded(&text).unwrap_err();
            assert_eq!(errors.len(), 1, "{text}: {errors:?}");
            assert!(errors[0].starts_with(start), "{text}: {errors:?}");
            assert!(!errors[0].contains(SECRET), "{errors:?}");
        }
    }

    #[test]
    fn every_problem_names_line_member_and_remedy() {
        let (good, secret) = (GOOD, format!("client_secret = \"{SECRET}\"\n"));
        each_is_told([
            (
                format!("[[clients]]\n{good}{secret}"),
                "1: clients[0].client_id: Is absent, or no text. Write a name of your choice",
            ),
            (
                format!("[[clients]]\nclient_id = \"u_1\"\n{good}{secret}"),
                "2: clients.u_1.client_id: Starts with u_, ",
            ),
            (
                format!(
                    "[[clients]]\nclient_id = \"a\"\n{secret}redirect_uris = [\"http://a.example/\"]\n"
                ),
                "4: clients.a.redirect_uris[0]: ",
            ),
            (
                format!("[[clients]]\nclient_id = \"a\"\n{secret}{good}logout_scope = \"all\"\n"),
                "5: clients.a.logout_scope: \"all\" is not supported. Write one of sso, client, ask.",
            ),
            (
                format!("[[clients]]\nclient_id = \"a\"\n{secret}{good}redirect_uri = \"x\"\n"),
                "5: clients.a.redirect_uri: There is no such member. Did you mean redirect_uris?",
            ),
        ]);
    }

    #[test]
    fn every_problem_of_a_secret_is_told_without_it() {
        let (good, secret) = (GOOD, format!("client_secret = \"{SECRET}\"\n"));
        each_is_told([
            (
                format!("[[clients]]\nclient_id = \"a\"\n{good}"),
                "1: clients.a.client_secret_file: It is absent. Write client_secret_file",
            ),
            (
                format!("[[clients]]\nclient_id = \"a\"\n{good}client_secret = \"short\"\n"),
                "4: clients.a.client_secret: The secret has less than 16 characters. Make one",
            ),
            (
                format!("[[clients]]\nclient_id = \"a\"\n{good}client_secret = 17\n"),
                "4: clients.a.client_secret: It is no text. Write it in \"quotes\".",
            ),
            (
                format!(
                    "[[clients]]\nclient_id = \"a\"\n{good}{secret}token_endpoint_auth_method = \"none\"\n"
                ),
                "4: clients.a.client_secret: A public client has no secret",
            ),
            (
                format!("[[clients]]\nclient_id = \"a\"\n{good}{secret}first_party = \"yes\"\n"),
                "5: clients.a.first_party: ",
            ),
            (
                format!(
                    "[[clients]]\nclient_id = \"a\"\n{good}{secret}[[clients]]\nclient_id = \"a\"\n{good}{secret}"
                ),
                "6: clients.a.client_id: Another client of this file has this id.",
            ),
            (
                "[clients]\nclient_id = \"a\"\n".to_owned(),
                "1: clients: Clients are a list. Write [[clients]]",
            ),
            (
                "clients = 3\n".to_owned(),
                "1: clients: Clients are a list. Write [[clients]]",
            ),
        ]);
    }

    fn by_secret(secret: &str, alg: &str) -> String {
        let alg = if alg.is_empty() {
            String::new()
        } else {
            format!("token_endpoint_auth_signing_alg = \"{alg}\"\n")
        };
        format!(
            "[[clients]]\nclient_id = \"a\"\n{GOOD}client_secret = \"{secret}\"\n\
             token_endpoint_auth_method = \"client_secret_jwt\"\n{alg}"
        )
    }

    #[test]
    fn a_secret_that_signs_is_as_long_as_the_hash() {
        let start = |least| format!("4: clients.a.client_secret: The secret has less than {least}");
        for (alg, least) in [("", 32), ("HS256", 32), ("HS384", 48), ("HS512", 64)] {
            let errors = loaded(&by_secret(&"s".repeat(least - 1), alg)).unwrap_err();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(errors[0].starts_with(&start(least)), "{errors:?}");
            let clients = loaded(&by_secret(&"s".repeat(least), alg)).unwrap();
            assert!(clients[0].signs_with_secret());
        }
        let errors = loaded(&by_secret(SECRET, "RS256")).unwrap_err();
        let start = "6: clients.a.token_endpoint_auth_signing_alg: Needs a key, but ";
        assert!(errors[0].starts_with(start), "{errors:?}");
    }

    #[test]
    fn the_secret_comes_along_only_with_a_client_that_signs_with_it() {
        let two = format!(
            "{}[[clients]]\nclient_id = \"b\"\n{GOOD}client_secret = \"{SECRET}\"\n",
            by_secret(SECRET, "")
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanyard.toml");
        std::fs::write(&file, two).unwrap();
        let source = Source {
            file: Some(file),
            environment: Vec::new(),
        };
        let config = load(source).unwrap();
        let kept: Vec<_> = config.client_mac_keys.iter().collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].0.as_str(), "a");
        assert_eq!(kept[0].1.expose(), SECRET);
        assert!(!format!("{config:?}").contains(SECRET));
    }

    #[test]
    fn problems_of_several_clients_come_at_once() {
        let text = "[[clients]]\nclient_id = \"a\"\nnaem = \"x\"\n[[clients]]\nclient_id = \"b\"\n";
        let errors = loaded(text).unwrap_err();
        let places: Vec<&str> = errors
            .iter()
            .map(|error| error.split(": ").nth(1).unwrap())
            .collect();
        assert!(places.contains(&"clients.a.naem"), "{errors:?}");
        assert!(places.contains(&"clients.b.redirect_uris"), "{errors:?}");
    }
}
