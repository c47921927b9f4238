//! What must not be built: OpenSSL and ring (one crypto provider: aws-lc-rs), h2 0.3
//! (RUSTSEC-2026-0258), actix-governor (GPL).

use std::process::Command;

const BANNED: [(&str, &str); 6] = [
    ("ring", ""),
    ("openssl", ""),
    ("openssl-sys", ""),
    ("native-tls", ""),
    ("h2", "0.3."),
    ("actix-governor", ""),
];

/// Cargo locks weak and optional features that nobody switches on. Ring may stand in the lock file
/// for these alone; that it is not built is the other test.
const MAY_LOCK_RING: [&str; 2] = ["rustls-webpki", "quinn-proto"];

fn is_banned(name: &str, version: &str) -> bool {
    BANNED
        .iter()
        .any(|(banned, prefix)| *banned == name && version.starts_with(prefix))
}

struct Locked {
    name: String,
    version: String,
    dependencies: Vec<String>,
}

fn locked(lock: &str) -> Vec<Locked> {
    let lock: toml::Table = lock.parse().unwrap();
    let text = |of: &toml::Value| of.as_str().unwrap_or_default().to_owned();
    let name = |of: &toml::Value| text(of).split(' ').next().unwrap_or_default().to_owned();
    let packages = lock["package"].as_array().unwrap();
    packages
        .iter()
        .map(|package| Locked {
            name: text(&package["name"]),
            version: text(&package["version"]),
            dependencies: package
                .get("dependencies")
                .and_then(toml::Value::as_array)
                .map(|all| all.iter().map(name).collect())
                .unwrap_or_default(),
        })
        .collect()
}

fn lock_objections(lock: &str) -> Vec<String> {
    let packages = locked(lock);
    let mut objections = Vec::new();
    for package in &packages {
        if package.name == "ring" {
            let asking = packages
                .iter()
                .filter(|other| other.dependencies.contains(&package.name));
            let wrong = asking.filter(|other| !MAY_LOCK_RING.contains(&other.name.as_str()));
            objections.extend(wrong.map(|other| format!("{} asks for ring", other.name)));
        } else if is_banned(&package.name, &package.version) {
            objections.push(format!("{} {} is locked", package.name, package.version));
        }
    }
    objections
}

fn tree_objections(tree: &str) -> Vec<String> {
    let built = tree.lines().filter_map(|line| line.split_once(" v"));
    built
        .filter(|(name, version)| is_banned(name, version))
        .map(|(name, version)| format!("{name} {version} is built"))
        .collect()
}

#[test]
fn the_lock_file_has_nothing_banned() {
    let lock = include_str!("../../Cargo.lock");
    super::assert_none(&lock_objections(lock));
}

/// For every platform: cargo fetches the manifests of other platforms' crates once, if they are
/// missing.
#[test]
fn nothing_banned_is_built() {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--locked",
            "--target",
            "all",
            "--edges",
            "normal,build,dev",
        ])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo tree failed; once online, run `cargo fetch`:\n{error}"
    );
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(
        tree.lines().any(|line| line.starts_with("aws-lc-rs v")),
        "the tree was not read"
    );
    super::assert_none(&tree_objections(&tree));
}

#[test]
fn a_ban_is_noticed() {
    let package = |name: &str, version: &str, asks: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{asks}\n")
    };
    let ring = package("ring", "0.17.14", "");
    for (lock, objections) in [
        (package("h2", "0.3.27", ""), 1),
        (package("h2", "0.4.20", ""), 0),
        (package("openssl-sys", "0.9.1", ""), 1),
        (
            ring.clone() + &package("rustls-webpki", "0.103.0", "dependencies = [\"ring\"]"),
            0,
        ),
        (
            ring.clone() + &package("rustls", "0.23.0", "dependencies = [\"ring 0.17.14\"]"),
            1,
        ),
    ] {
        assert_eq!(lock_objections(&lock).len(), objections, "{lock}");
    }
    let tree = "lanyard v0.1.0 (/somewhere)\nring v0.17.14\nh2 v0.4.20\nh2 v0.3.27 (*)\n";
    assert_eq!(
        tree_objections(tree),
        ["ring 0.17.14 is built", "h2 0.3.27 (*) is built"]
    );
}
