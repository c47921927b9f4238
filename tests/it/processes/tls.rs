//! TLS of the server itself, with certificates that the `openssl` program made.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::parts::{Certificates, openssl};
use crate::support::{Browser, House, Installation, Raw, Server};

/// An installation whose server speaks https.
struct Sealed {
    house: Installation,
    made: Certificates,
    _folder: TempDir,
}

impl Sealed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Certificates::make(folder.path());
        let mut house = Installation::new();
        house.issuer = format!("https://localhost:{}", house.port);
        let sealed = Self {
            house,
            made,
            _folder: folder,
        };
        sealed.install(&sealed.made);
        sealed.configure("tls.pem", "tls.key");
        sealed
    }

    fn configure(&self, certificate: &str, key: &str) {
        self.house.write(
            "lanyard.toml",
            &format!(
                "issuer = \"{}\"\n[server]\nlisten = \"127.0.0.1:{}\"\n\
                 tls_certificate = \"{certificate}\"\ntls_key = \"{key}\"\n",
                self.house.issuer, self.house.port
            ),
        );
    }

    /// Puts a pair where the configuration looks.
    fn install(&self, made: &Certificates) {
        std::fs::copy(&made.certificate, self.house.path("tls.pem")).unwrap();
        std::fs::copy(&made.key, self.house.path("tls.key")).unwrap();
    }

    fn browser(&self) -> Browser {
        trusting(&self.house, &self.made)
    }

    async fn serve(&self) -> Server {
        let server = Server::start(&self.house, "serve", &[]);
        let browser = self.browser();
        House::until("it is ready", || async {
            let page = browser.try_get("/health/ready").await;
            page.is_some_and(|page| page.status == 200)
        })
        .await;
        server
    }

    /// What `openssl s_client` says of a connection.
    fn handshake(&self, options: &[&str]) -> String {
        let address = format!("localhost:{}", self.house.port);
        let done = Command::new("openssl")
            .args(["s_client", "-connect", &address, "-brief"])
            .args(["-CAfile", &self.made.authority.display().to_string()])
            .args(options)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        String::from_utf8_lossy(&said).into_owned()
    }
}

fn trusting(house: &Installation, made: &Certificates) -> Browser {
    Browser::trusting(&house.issuer, &std::fs::read(&made.authority).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_over_https() {
    let sealed = Sealed::new();
    let alice = sealed.house.person("alice");
    let server = sealed.serve().await;
    let browser = sealed.browser();
    browser.sign_in(&alice).await;
    assert!(browser.is_signed_in().await);
    let names = browser.cookie_names();
    assert!(
        names.iter().any(|name| name.starts_with("__Host-")),
        "{names:?}"
    );
    let page = browser.get("/.well-known/openid-configuration").await;
    assert!(page.header("strict-transport-security").is_some());
    assert_eq!(page.json()["issuer"], sealed.house.issuer.as_str());
    assert!(!server.said().contains("tls"), "{}", server.said());
    assert_eq!(sealed.house.run(&["health"]).succeeded(), "ready\n");
    // Who speaks in the clear is not answered.
    let mut raw = Raw::connect(sealed.house.port);
    raw.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let answer = raw.until_closed(std::time::Duration::from_secs(20));
    assert!(answer.is_some_and(|answer| !answer.contains("HTTP")));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_before_1_2_are_refused() {
    let sealed = Sealed::new();
    let _server = sealed.serve().await;
    for (option, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let said = sealed.handshake(&[option, "-alpn", "h2,http/1.1"]);
        assert!(
            said.contains(&format!("Protocol version: {version}")),
            "{said}"
        );
        assert!(said.contains("Verification: OK"), "{said}");
    }
    for option in ["-tls1_1", "-tls1"] {
        // Without this, the program itself would not try.
        let said = sealed.handshake(&[option, "-cipher", "ALL:@SECLEVEL=0"]);
        let refused = ["alert protocol version", "alert handshake failure"];
        assert!(refused.iter().any(|alert| said.contains(alert)), "{said}");
        assert!(!said.contains("CONNECTION ESTABLISHED"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_up_and_a_bad_one_is_not() {
    let sealed = Sealed::new();
    let house = &sealed.house;
    let server = sealed.serve().await;
    let (folder, folder_of_third) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let renewed = Certificates::make(folder.path());
    assert!(
        trusting(house, &renewed)
            .try_get("/health/live")
            .await
            .is_none()
    );

    sealed.install(&renewed);
    until_answered(house, &renewed).await;
    assert!(sealed.browser().try_get("/health/live").await.is_none());

    std::fs::write(house.path("tls.pem"), "nonsense").unwrap();
    House::until("the bad one is reported", || async {
        server.said().contains("the old one stays in use")
    })
    .await;
    let said = server.said();
    assert!(
        said.contains("tls.pem holds no certificate as PEM"),
        "{said}"
    );
    let answer = trusting(house, &renewed).try_get("/health/live").await;
    assert_eq!(answer.unwrap().status, 200);

    // A certificate without its key is as bad.
    let third = Certificates::make(folder_of_third.path());
    std::fs::copy(&third.certificate, house.path("tls.pem")).unwrap();
    House::until("the odd pair is reported", || async {
        server
            .said()
            .contains("does not belong to the first certificate")
    })
    .await;
    assert!(
        trusting(house, &renewed)
            .try_get("/health/live")
            .await
            .is_some()
    );
    // Put in its place by renaming, as programs for certificates do.
    std::fs::copy(&third.key, house.path("tls.key.new")).unwrap();
    std::fs::rename(house.path("tls.key.new"), house.path("tls.key")).unwrap();
    until_answered(house, &third).await;
}

async fn until_answered(house: &Installation, made: &Certificates) {
    House::until("the new certificate is in use", || async {
        trusting(house, made)
            .try_get("/health/live")
            .await
            .is_some()
    })
    .await;
}

/// Files, the key that is to blame, and what is said of it.
const BAD_PAIRS: &[(&str, &str, &str, [&str; 2])] = &[
    (
        "no.pem",
        "tls.key",
        "tls_certificate",
        ["There is no file no.pem", "Write the path"],
    ),
    (
        "tls.pem",
        "no.key",
        "tls_key",
        ["There is no file no.key", "Write the path"],
    ),
    (
        "tls.key",
        "tls.key",
        "tls_certificate",
        ["tls.key holds no certificate", "openssl x509"],
    ),
    (
        "tls.pem",
        "tls.pem",
        "tls_key",
        ["tls.pem holds no private key", "openssl pkey"],
    ),
    (
        "empty",
        "tls.key",
        "tls_certificate",
        ["empty holds no certificate", "openssl x509"],
    ),
    (
        "broken.pem",
        "tls.key",
        "tls_certificate",
        ["not whole PEM", "Copy it again"],
    ),
    (
        "tls.pem",
        "locked.key",
        "tls_key",
        ["locked by a password", "openssl pkey -in"],
    ),
    (
        "tls.pem",
        "other.key",
        "tls_key",
        ["does not belong to", "made together"],
    ),
    ("tls.pem", "", "tls_key", ["It is empty", "Write a value"]),
];

#[test]
fn a_pair_is_checked_before_the_start() {
    let sealed = Sealed::new();
    let house = &sealed.house;
    let answer = house.run(&["check"]).succeeded();
    assert!(answer.contains(&format!("listen    127.0.0.1:{} (https)", house.port)));

    let folder = tempfile::tempdir().unwrap();
    let other = Certificates::make(folder.path());
    std::fs::copy(&other.key, house.path("other.key")).unwrap();
    locked(&house.path("tls.key"), &house.path("locked.key"));
    let broken = std::fs::read_to_string(house.path("tls.pem")).unwrap();
    house.write("broken.pem", broken.get(..200).unwrap());
    house.write("empty", "");
    for (certificate, key, name, parts) in BAD_PAIRS {
        sealed.configure(certificate, key);
        let said = house.run(&["check"]).refused();
        assert!(said.contains(&format!("server.{name}: ")), "{said}");
        for part in parts {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(!said.contains("PRIVATE KEY-----\n"), "{said}");
    }
}

/// Locks a key by a password.
fn locked(key: &Path, into: &Path) {
    openssl(&format!(
        "pkey -in {} -out {} -aes256 -passout pass:squeamish",
        key.display(),
        into.display()
    ));
}

#[test]
fn half_a_pair_and_a_plain_issuer_are_refused() {
    let sealed = Sealed::new();
    let house = &sealed.house;
    let issuer = &house.issuer;
    for (text, parts) in [
        (
            format!("issuer = \"{issuer}\"\n[server]\ntls_certificate = \"tls.pem\"\n"),
            [
                "server.tls_certificate: There is no server.tls_key",
                "TLS needs both",
            ],
        ),
        (
            format!("issuer = \"{issuer}\"\n[server]\ntls_key = \"tls.key\"\n"),
            [
                "server.tls_key: There is no server.tls_certificate",
                "TLS needs both",
            ],
        ),
        (
            "[server]\ntls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\n".to_owned(),
            [
                "The issuer is http://localhost:8080",
                "begins with https://",
            ],
        ),
    ] {
        house.write("lanyard.toml", &text);
        let said = house.run(&["check"]).refused();
        for part in parts {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
    let text = "issuer = \"https://login.example.com\"\n[server]\n\
                tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\n";
    house.write("lanyard.toml", text);
    let done = house.run(&["check"]);
    assert!(
        done.stderr.contains("is not for login.example.com"),
        "{done:?}"
    );
    done.succeeded();
}
