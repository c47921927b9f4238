//! Files that hold a key or a password: read with care; key files are made once, too.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::{ConfigError, Place};
use super::master_key::{MAKE, MasterKey};
use crate::entropy::Entropy;
use crate::store::denied;

/// More than any way to write a key needs; what is longer is cut off.
pub(super) const LONGEST: u64 = 4_096;

/// What lies in such a file.
pub(super) enum Found {
    /// A text that may be a secret.
    Text(Zeroizing<String>),
    /// Nothing: there is no such file.
    Absent,
    /// It cannot be read, and why.
    Unreadable(String),
}

/// Reads such a file.
pub(super) fn read(path: &Path) -> Found {
    let mut text = Zeroizing::new(String::new());
    match File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text)) {
        Ok(_) => Found::Text(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Found::Absent,
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Found::Unreadable("it is not text".to_owned())
        }
        Err(error) => Found::Unreadable(denied::words(path, &error)),
    }
}

/// What others on this machine may do with such a file.
#[derive(Clone, Copy)]
pub(super) enum Others {
    /// Nothing: the file is ours.
    Nothing,
    /// Read it: container platforms mount secrets so, out of the reach of other containers.
    Read,
}

/// A warning, if others may do more with the file than they should. The noun says what it holds.
#[cfg(unix)]
pub(super) fn permissions(path: &Path, others: Others, noun: &str) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let (forbidden, wanted) = match others {
        Others::Nothing => (0o077, "600"),
        Others::Read => (0o022, "400"),
    };
    (mode & forbidden != 0).then(|| {
        let path = path.display();
        format!(
            "{path}: others on this machine may read or change {noun} (mode {mode:03o}). \
             Write: chmod {wanted} {path}"
        )
    })
}

/// Other systems have no modes.
#[cfg(not(unix))]
pub(super) fn permissions(_: &Path, _: Others, _: &str) -> Option<String> {
    None
}

/// Makes a key file, or reads the one that another process has made meanwhile.
pub(super) fn make(path: &Path, entropy: &Entropy) -> Result<MasterKey, ConfigError> {
    let key = MasterKey::random(entropy);
    match write_new(path, &key, entropy) {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match read(path) {
            Found::Text(text) => MasterKey::parse(&text).map_err(|error| {
                let text = format!("{error} Put the right one back, from a backup.");
                ConfigError::of_place(Place::file(path), text)
            }),
            Found::Absent => Err(cannot(path, "it comes and goes")),
            Found::Unreadable(why) => Err(cannot(path, &why)),
        },
        Err(error) => Err(cannot(path, &denied::words(path, &error))),
    }
}

fn cannot(path: &Path, why: &str) -> ConfigError {
    let text = format!(
        "The master key cannot be kept here: {why}. Let this user write to the folder, set `data` \
         to another one, or give secrets.master_key_file. {MAKE}"
    );
    ConfigError::of_place(Place::file(path), text)
}

/// All or nothing, also if the process is killed: the file gets its name when it is whole and on
/// disk. A link, unlike a renaming, fails if the name is taken.
fn write_new(path: &Path, key: &MasterKey, entropy: &Entropy) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let draft = draft_beside(path, entropy);
    let linked = write_private(&draft, &key.encode()).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    linked.and(removed)?;
    File::open(folder)?.sync_all()
}

fn draft_beside(path: &Path, entropy: &Entropy) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", entropy.alphanumeric(8)));
    PathBuf::from(name)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_that_is_a_file_is_an_error_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("data"), "").unwrap();
        let path = folder.path().join("data/master.key");
        let error = make(&path, &Entropy::System).err().unwrap().to_string();
        assert!(
            error.contains("The master key cannot be kept here"),
            "{error}"
        );
        assert!(error.ends_with("openssl rand -base64 32"), "{error}");
    }

    #[test]
    fn a_key_is_made_once_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/master.key");
        let key = make(&path, &Entropy::System).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert!(permissions(&path, Others::Nothing, "it").is_none());
        let again = make(&path, &Entropy::System).unwrap();
        assert_eq!(key.as_bytes(), again.as_bytes());
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "no drafts stay"
        );
    }

    #[test]
    fn eight_that_start_at_once_have_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| *make(&path, &Entropy::System).unwrap().as_bytes()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn wide_permissions_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "x").unwrap();
        for (mode, ours, mounted) in [
            (0o600, false, false),
            (0o400, false, false),
            (0o640, true, false),
            (0o444, true, false),
            (0o666, true, true),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(
                permissions(&path, Others::Nothing, "it").is_some(),
                ours,
                "{mode:o}"
            );
            assert_eq!(
                permissions(&path, Others::Read, "it").is_some(),
                mounted,
                "{mode:o}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let warning = permissions(&path, Others::Nothing, "it").unwrap();
        assert!(
            warning.contains("(mode 644). Write: chmod 600 "),
            "{warning}"
        );
    }
}
