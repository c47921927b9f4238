//! Names by which administrators look for people: username, email address and display name, each
//! as a prefix, and the display name also from its later words on.

use std::collections::BTreeSet;

use sqlx::AnyConnection;

use super::RecordError;
use super::rows::Columns as _;
use crate::entropy::UserId;
use crate::identity::user::{LoginKey, Profile};

/// An index of PostgreSQL refuses long entries.
const LONGEST: usize = 200;
/// A person has several names that may begin alike.
const NAMES_PER_PERSON: i64 = 8;

/// Writes the names of a person over those that were there. To be called wherever a username or a
/// profile is written.
pub(super) async fn write(
    conn: &mut AnyConnection,
    id: &UserId,
    username: &str,
    profile: &Profile,
) -> Result<(), RecordError> {
    let query = sqlx::query("DELETE FROM person_names WHERE user_id = $1");
    query.bind(id.as_str()).execute(&mut *conn).await?;
    for name in names(username, profile) {
        let sql = "INSERT INTO person_names (name, user_id) VALUES ($1, $2) \
             ON CONFLICT DO NOTHING";
        let query = sqlx::query(sql).bind(name).bind(id.as_str());
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// People one of whose names begins with what was typed, by name; and whether there are more than
/// `limit`.
pub(super) async fn find(
    conn: &mut AnyConnection,
    typed: &str,
    limit: usize,
) -> Result<(Vec<UserId>, bool), RecordError> {
    let Some((from, to)) = range(typed) else {
        return Ok((Vec::new(), false));
    };
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1) * NAMES_PER_PERSON;
    let sql = "SELECT n.user_id AS user_id FROM person_names n JOIN users u ON u.id = n.user_id \
         WHERE n.name >= $1 AND n.name < $2 ORDER BY n.name, n.user_id LIMIT $3";
    let query = sqlx::query(sql).bind(from).bind(to).bind(most);
    let rows = query.fetch_all(conn).await?;
    let mut found: Vec<UserId> = Vec::new();
    for row in &rows {
        let id = UserId::new(row.text("user_id")?);
        if !found.contains(&id) {
            if found.len() == limit {
                return Ok((found, true));
            }
            found.push(id);
        }
    }
    let cut = i64::try_from(rows.len()).is_ok_and(|count| count == most);
    Ok((found, cut))
}

fn names(username: &str, profile: &Profile) -> BTreeSet<Vec<u8>> {
    let display = spaced(profile.name.as_deref().unwrap_or_default());
    let later = display
        .match_indices(' ')
        .filter_map(|(space, _)| display.get(space + 1..));
    let others = [&profile.email, &profile.given_name, &profile.family_name];
    let mut names: BTreeSet<_> = others
        .into_iter()
        .flatten()
        .map(String::as_str)
        .chain([username, display.as_str()])
        .chain(later)
        .map(canonical)
        .collect();
    names.remove(&Vec::new());
    names
}

/// The form in which names are compared: that of usernames, with single spaces.
fn canonical(name: &str) -> Vec<u8> {
    let name = spaced(LoginKey::new(name).as_str());
    let mut end = name.len().min(LONGEST);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.as_bytes().get(..end).unwrap_or_default().to_vec()
}

fn spaced(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Between which names those lie that begin with what was typed; none if nothing was.
pub(super) fn range(typed: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let from = canonical(typed);
    let to = after_all(&from)?;
    Some((from, to))
}

/// What comes after everything that begins with this; none for nothing. No byte of UTF-8 is 255.
fn after_all(prefix: &[u8]) -> Option<Vec<u8>> {
    let (last, rest) = prefix.split_last()?;
    let mut after = rest.to_vec();
    after.push(last.saturating_add(1));
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_and_from_each_word_of_the_display_name() {
        let profile = Profile {
            name: Some("Alice  von Ümlaut".to_owned()),
            email: Some("A@Example.com".to_owned()),
            ..Profile::default()
        };
        let names: Vec<_> = names("Alice", &profile)
            .into_iter()
            .map(|name| String::from_utf8(name).unwrap())
            .collect();
        let expected = [
            "a@example.com",
            "alice",
            "alice von ümlaut",
            "von ümlaut",
            "ümlaut",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn long_names_are_cut_between_letters() {
        let long = canonical(&"ü".repeat(150));
        assert_eq!(String::from_utf8(long).unwrap().chars().count(), 100);
        assert_eq!(after_all(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_all(b""), None);
    }
}
