//! The files under `static/`, built into the program.
//!
//! Each is served under two paths: one that carries the hash of the content and may be cached
//! for ever, which our pages use, and the plain one, for addresses that people write down.

use std::sync::LazyLock;

use crate::entropy::sha256;

/// Where they are served.
pub const PREFIX: &str = "/static/";

/// One file, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its content.
    pub bytes: &'static [u8],
    /// Its media type.
    pub content_type: &'static str,
    /// Its entity tag, quotes included (RFC 9110, 8.8.3).
    pub etag: String,
    /// Whether the path names this very content: `Cache-Control: immutable` is then true.
    pub immutable: bool,
}

struct File {
    stem: &'static str,
    extension: &'static str,
    hash: String,
    bytes: &'static [u8],
}

macro_rules! files {
    ($($stem:literal . $extension:literal),* $(,)?) => {
        [$(File {
            stem: $stem,
            extension: $extension,
            hash: String::new(),
            bytes: include_bytes!(concat!("../../static/", $stem, ".", $extension)),
        }),*]
    };
}

static FILES: LazyLock<[File; 7]> = LazyLock::new(|| {
    files![
        "lanyard"."css",
        "logo"."svg",
        "wiki"."svg",
        "shop"."svg",
        "form-post"."js",
        "signed-out"."js",
        "check-session"."js",
    ]
    .map(|file| File {
        hash: short_hash(file.bytes),
        ..file
    })
});

/// The path of a file of ours, with its hash; the plain path if there is no such file.
pub fn asset_url(name: &str) -> String {
    FILES
        .iter()
        .find(|file| file.plain() == name)
        .map_or_else(|| format!("{PREFIX}{name}"), File::hashed_path)
}

/// The file at a path such as `/static/lanyard.0a1b2c3d.css` or `/static/lanyard.css`.
///
/// Only names that are built in match, so a path can never lead anywhere else.
pub fn asset(path: &str) -> Option<Asset> {
    let name = path.strip_prefix(PREFIX)?;
    FILES.iter().find_map(|file| {
        let immutable = file.hashed() == name;
        (immutable || file.plain() == name).then(|| Asset {
            bytes: file.bytes,
            content_type: file.content_type(),
            etag: format!("\"{}\"", file.hash),
            immutable,
        })
    })
}

impl File {
    fn plain(&self) -> String {
        format!("{}.{}", self.stem, self.extension)
    }

    fn hashed(&self) -> String {
        format!("{}.{}.{}", self.stem, self.hash, self.extension)
    }

    fn hashed_path(&self) -> String {
        format!("{PREFIX}{}", self.hashed())
    }

    fn content_type(&self) -> &'static str {
        match self.extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        }
    }
}

fn short_hash(bytes: &[u8]) -> String {
    let [a, b, c, d, ..] = sha256(bytes);
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_paths_find_nothing() {
        for path in [
            "",
            "/",
            "/static/",
            "/static/lanyard.00000000.css",
            "/static/../Cargo.toml",
            "/static/lanyard",
            "lanyard.css",
        ] {
            assert_eq!(asset(path), None, "{path}");
        }
    }

    #[test]
    fn each_file_is_found_by_both_paths() {
        for name in [
            "lanyard.css",
            "logo.svg",
            "wiki.svg",
            "shop.svg",
            "form-post.js",
        ] {
            let hashed = asset(&asset_url(name)).expect(name);
            let plain = asset(&format!("{PREFIX}{name}")).expect(name);
            assert!(hashed.immutable && !plain.immutable, "{name}");
            assert_eq!((hashed.bytes, &hashed.etag), (plain.bytes, &plain.etag));
        }
    }

    #[test]
    fn media_types_are_named() {
        let of = |name| asset(&asset_url(name)).expect("built in").content_type;
        assert_eq!(of("lanyard.css"), "text/css; charset=utf-8");
        assert_eq!(of("signed-out.js"), "text/javascript; charset=utf-8");
        assert_eq!(of("logo.svg"), "image/svg+xml");
    }

    #[test]
    fn the_stylesheet_stays_small_and_calls_nobody() {
        let sheet = asset("/static/lanyard.css").expect("built in").bytes;
        let text = std::str::from_utf8(sheet).expect("text");
        assert!(sheet.len() < 14 * 1024, "{} bytes", sheet.len());
        assert!(!text.contains("url(") && !text.contains("@import"));
    }
}
