//! Why a file of ours cannot be opened: most often a command was run as root before the server was
//! started as a user of its own.

use std::io::{self, ErrorKind};
use std::path::Path;

/// The error in words; if a permission was denied, also whose the file (or the folder on the way
/// to it) is, who asks, and what to do. No full stop at the end.
pub fn words(path: &Path, error: &io::Error) -> String {
    let denied = error.kind() == ErrorKind::PermissionDenied;
    let owner = denied.then(|| owner(path)).flatten();
    owner.map_or_else(|| error.to_string(), |owner| format!("{error}: {owner}"))
}

/// Whose the file is, if it is neither ours nor are we root.
pub fn stranger(path: &Path) -> Option<String> {
    let (found, us) = (found(path)?, effective_user()?);
    let strange = found.path == path && found.owner != us && us != 0;
    strange.then(|| remedy(&found, path, Some(us)))
}

fn owner(path: &Path) -> Option<String> {
    Some(remedy(&found(path)?, path, effective_user()))
}

/// What can be seen on the way to a file.
struct Found<'a> {
    path: &'a Path,
    owner: u32,
    mode: u32,
}

fn remedy(found: &Found<'_>, path: &Path, us: Option<u32>) -> String {
    let shown = found.path.display();
    let (owner, mode) = (found.owner, found.mode);
    let us = us.map_or_else(|| "another".to_owned(), |us| us.to_string());
    let other = if found.path == path {
        format!("give it, and what else lies beside it, to this one: chown {us} {shown}")
    } else {
        "let this one use that folder, or name another one as `data`".to_owned()
    };
    format!(
        "{shown} belongs to the user {owner} (mode {mode:03o}), and this runs as the user {us}. \
         Run it as that user, or {other}"
    )
}

/// The file, or the nearest folder above it that can be looked at.
#[cfg(unix)]
fn found(path: &Path) -> Option<Found<'_>> {
    use std::os::unix::fs::MetadataExt as _;
    path.ancestors().find_map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Found {
            path,
            owner: metadata.uid(),
            mode: metadata.mode() & 0o777,
        })
    })
}

/// Other systems have no owners by number.
#[cfg(not(unix))]
fn found(_: &Path) -> Option<Found<'_>> {
    None
}

/// Where the system says so (proc(5)): asking it otherwise takes unsafe code.
fn effective_user() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    users.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_file_says_whose_it_is_and_what_to_do() {
        let path = Path::new("/var/lib/lanyard/lanyard.db");
        let file = Found {
            path,
            owner: 0,
            mode: 0o600,
        };
        assert_eq!(
            remedy(&file, path, Some(998)),
            "/var/lib/lanyard/lanyard.db belongs to the user 0 (mode 600), and this runs as the \
             user 998. Run it as that user, or give it, and what else lies beside it, to this \
             one: chown 998 /var/lib/lanyard/lanyard.db"
        );
        let folder = Found {
            path: Path::new("/var/lib"),
            ..file
        };
        let said = remedy(&folder, path, Some(998));
        assert!(said.starts_with("/var/lib belongs to the user 0"), "{said}");
        assert!(!said.contains("chown"), "nobody gives /var/lib away");
    }

    #[cfg(unix)]
    #[test]
    fn only_a_denied_permission_asks_for_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lanyard.db");
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        let said = words(&path, &denied);
        let nearest = format!("{} belongs to the user ", folder.path().display());
        assert!(said.contains(&nearest), "{said}");
        let full = io::Error::from(ErrorKind::StorageFull);
        assert_eq!(words(&path, &full), full.to_string());
        std::fs::write(&path, "").unwrap();
        assert_eq!(stranger(&path), None, "it is ours");
    }
}
