use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::entropy::ClientId;
use crate::protocol::client_metadata;

const WEB: ApplicationType = ApplicationType::Web;
const NATIVE: ApplicationType = ApplicationType::Native;

fn client(kind: &str, method: &str, uris: &[&str]) -> Client {
    let metadata = json!({
        "redirect_uris": uris,
        "application_type": kind,
        "token_endpoint_auth_method": method,
    });
    client_metadata::parse(&metadata, ClientId::new("app")).unwrap()
}

const REFUSED: &[(&str, Why)] = &[
    ("", Why::NotAbsolute),
    ("/cb", Why::NotAbsolute),
    ("//app.example.com/cb", Why::NotAbsolute),
    ("app.example.com/cb", Why::NotAbsolute),
    ("https:", Why::NotAbsolute),
    ("https://", Why::NotAbsolute),
    ("https:app.example.com/cb", Why::NotAbsolute),
    ("https:/app.example.com/cb", Why::NotAbsolute),
    ("https:///app.example.com/cb", Why::NotAbsolute),
    ("https://?x", Why::NotAbsolute),
    ("https://app.example.com:99999/cb", Why::NotAbsolute),
    ("https://app.example.com/cb#", Why::Fragment),
    ("https://app.example.com/cb#x", Why::Fragment),
    // A user name hides the host, one @ or many.
    ("https://app.example.com@evil.example/cb", Why::UserInfo),
    ("https://app.example.com:443@evil.example/cb", Why::UserInfo),
    ("https://a@b@evil.example/cb", Why::UserInfo),
    ("https://@evil.example/cb", Why::UserInfo),
    ("com.example.app://user@host/cb", Why::UserInfo),
    // What parsers read differently.
    ("https://app.example.com\\@evil.example/cb", Why::Character),
    ("https:\\\\evil.example/cb", Why::Character),
    (" https://app.example.com/cb", Why::Character),
    ("https://app.example.com/cb ", Why::Character),
    ("https://app.example.com/c b", Why::Character),
    ("https://app.example.com/cb\n", Why::Character),
    (
        "https://app.example.com/cb\r\nSet-Cookie: a=b",
        Why::Character,
    ),
    ("https://app.example.com/\0", Why::Character),
    ("https://app.example.com/\"><script>", Why::Character),
    ("https://app.example.com/%", Why::Character),
    ("https://app.example.com/%2", Why::Character),
    ("https://app.example.com/%zz", Why::Character),
    ("https://bücher.example/cb", Why::Character),
    ("https://app.example.com/*{x}", Why::Character),
    ("https://ex%61mple.com/cb", Why::Host),
    ("https://0x7f.1/cb", Why::Host),
    ("https://a.example;sandbox/cb", Why::Host),
    ("https://*/cb", Why::Host),
    ("https://a,b.example/cb", Why::Host),
    ("https://a'b.example/cb", Why::Host),
    ("http://2130706433/cb", Why::Host),
    ("http://127.1/cb", Why::Host),
    ("http://[0:0:0:0:0:0:0:1]/cb", Why::Host),
    // Only this machine may be reached by http.
    ("http://app.example.com/cb", Why::InsecureHttp),
    ("http://localhost.evil.example/cb", Why::InsecureHttp),
    ("http://evil-localhost/cb", Why::InsecureHttp),
    ("http://notlocalhost/cb", Why::InsecureHttp),
    ("http://localhost./cb", Why::InsecureHttp),
    ("http://127.0.0.1.evil.example/cb", Why::InsecureHttp),
    ("http://128.0.0.1/cb", Why::InsecureHttp),
    ("http://0.0.0.0/cb", Why::InsecureHttp),
    ("http://10.0.0.1/cb", Why::InsecureHttp),
    ("http://[::]/cb", Why::InsecureHttp),
    ("http://[::2]/cb", Why::InsecureHttp),
    ("HTTP://app.example.com/cb", Why::InsecureHttp),
    // Schemes that run, read or leak.
    ("javascript:alert(1)", Why::Scheme),
    ("JaVaScRiPt:alert(1)", Why::Scheme),
    ("javascript://app.example.com/%0aalert(1)", Why::Scheme),
    ("java\tscript:alert(1)", Why::Character),
    ("data:text/html,x", Why::Scheme),
    ("DATA:text/html;base64,eA==", Why::Scheme),
    ("vbscript:x", Why::Scheme),
    ("file:///etc/passwd", Why::Scheme),
    ("blob:https://app.example.com/x", Why::Scheme),
    ("about:blank", Why::Scheme),
    ("view-source:https://app.example.com/", Why::Scheme),
    ("ws://app.example.com/", Why::Scheme),
    ("ftp://app.example.com/", Why::Scheme),
    ("mailto:a%40b.example", Why::Scheme),
    ("myapp:/cb", Why::Scheme),
    ("urn:ietf:wg:oauth:2.0:oob", Why::Scheme),
];

#[test]
fn what_must_not_be_registered() {
    let long = format!("https://app.example.com/{}", "a".repeat(MAX_LENGTH));
    let long = [(long.as_str(), Why::TooLong)];
    for (uri, expected) in REFUSED.iter().chain(&long) {
        for kind in [WEB, NATIVE] {
            assert_eq!(validate_registration(uri, kind), Err(*expected), "{uri}");
        }
        assert!(!expected.remedy().is_empty());
    }
}

#[test]
fn what_may_be_registered() {
    let both = [
        "https://app.example.com",
        "https://app.example.com/cb",
        "https://app.example.com:8443/cb?tenant=a&x=%20",
        "https://App.Example.com/cb",
        "https://xn--bcher-kva.example/cb",
        "https://app.example.com/cb/..;/x",
        "https://192.0.2.1/cb",
        "http://localhost/cb",
        "http://localhost:8080/cb",
        "http://wiki.localhost:8081/cb",
        "http://127.0.0.1:1/cb",
        "http://127.8.9.1/cb",
        "http://[::1]:5000/cb",
    ];
    for uri in both {
        assert_eq!(validate_registration(uri, WEB), Ok(()), "{uri}");
        assert_eq!(validate_registration(uri, NATIVE), Ok(()), "{uri}");
    }
    for uri in [
        "com.example.app:/cb",
        "com.example.app://cb",
        "com.example.app:cb?x=1",
    ] {
        assert_eq!(validate_registration(uri, NATIVE), Ok(()), "{uri}");
        assert_eq!(
            validate_registration(uri, WEB),
            Err(Why::PrivateUse),
            "{uri}"
        );
        assert!(is_private_use(uri) && !is_loopback(uri), "{uri}");
    }
    assert_eq!(
        validate_registration("com.example.app:", NATIVE),
        Err(Why::NotAbsolute)
    );
}

#[test]
fn a_web_client_is_matched_as_a_string() {
    let client = client(
        "web",
        "client_secret_basic",
        &["https://app.example.com/cb?a=1", "http://localhost:8080/cb"],
    );
    let refused = [
        "",
        "https://app.example.com/cb",
        "https://app.example.com/cb?a=1&b=2",
        "https://app.example.com/cb?a=1#",
        "https://app.example.com/cb?a=1/",
        "https://APP.example.com/cb?a=1",
        "HTTPS://app.example.com/cb?a=1",
        "https://app.example.com:443/cb?a=1",
        "https://app.example.com/x/../cb?a=1",
        "https://app.example.com/..;/cb?a=1",
        "https://app.example.com/%63b?a=1",
        "https://app.example.com@evil.example/cb?a=1",
        "https://evil.example/https://app.example.com/cb?a=1",
        "https://app.example.com.evil.example/cb?a=1",
        "http://app.example.com/cb?a=1",
        "http://localhost:8081/cb",
        "http://localhost/cb",
        "http://127.0.0.1:8080/cb",
    ];
    for uri in refused {
        assert!(!matches(&client, uri), "{uri}");
    }
    assert!(matches(&client, "https://app.example.com/cb?a=1"));
    assert!(matches(&client, "http://localhost:8080/cb"));
}

#[test]
fn a_native_client_may_choose_its_loopback_port() {
    let registered = [
        "http://127.0.0.1/cb",
        "http://[::1]:7000/cb",
        "http://localhost:7000/cb?a=1",
        "http://cli.localhost:7000/cb",
        "https://localhost:7000/cb",
        "com.example.app:/cb",
    ];
    let client = client("native", "none", &registered);
    let refused = [
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:+80/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1:80:90/cb",
        "http://127.0.0.1:80/cb/",
        "http://127.0.0.1:80/cb?x",
        "http://127.0.0.2:80/cb",
        "http://127.0.0.1.evil.example:80/cb",
        "http://127.0.0.1evil.example/cb",
        "HTTP://127.0.0.1:80/cb",
        "https://127.0.0.1:80/cb",
        "http://localhost:80/cb",
        "http://localhost.evil.example:7000/cb?a=1",
        "http://cli.localhost:7001/cb",
        "https://localhost:7001/cb",
        "com.example.app:/cb2",
    ];
    for uri in refused {
        assert!(!matches(&client, uri), "{uri}");
    }
    let taken = [
        "http://127.0.0.1:51004/cb",
        "http://[::1]/cb",
        "http://[::1]:1/cb",
        "http://localhost:9/cb?a=1",
    ];
    for uri in registered.into_iter().chain(taken) {
        assert!(matches(&client, uri), "{uri}");
    }
}

#[test]
fn a_bad_uri_is_refused_at_use_even_if_it_was_registered() {
    let mut client = client(
        "web",
        "client_secret_basic",
        &["https://app.example.com/cb"],
    );
    for uri in [
        "javascript:alert(1)",
        "http://app.example.com/",
        "https://a@b.example/",
    ] {
        client.redirect_uris = vec![uri.to_owned()];
        client.post_logout_redirect_uris = vec![uri.to_owned()];
        assert!(!matches(&client, uri), "{uri}");
        assert!(!matches_post_logout(&client, uri), "{uri}");
    }
}

type Verdict = Result<(), Why>;

/// The URI, and what becomes of it for a confidential and for a public client.
const BACK_CHANNEL: &[(&str, Verdict, Verdict)] = &[
    ("https://other.example/bc?x=1", Ok(()), Ok(())),
    ("http://10.0.0.7:9000/bc", Ok(()), Err(Why::HttpForPublic)),
    ("http://localhost:8080/bc", Ok(()), Err(Why::HttpForPublic)),
    (
        "https://app.example.com/bc#x",
        Err(Why::Fragment),
        Err(Why::Fragment),
    ),
    (
        "https://a@other.example/bc",
        Err(Why::UserInfo),
        Err(Why::UserInfo),
    ),
    ("gopher://10.0.0.7/", Err(Why::Scheme), Err(Why::Scheme)),
    ("com.example.app:/bc", Err(Why::Scheme), Err(Why::Scheme)),
    ("/bc", Err(Why::NotAbsolute), Err(Why::NotAbsolute)),
];

const OTHER_LOGOUT: &[(LogoutUri, &str, Verdict)] = &[
    (
        LogoutUri::FrontChannel,
        "https://app.example.com/fc",
        Ok(()),
    ),
    (
        LogoutUri::FrontChannel,
        "https://app.example.com:443/fc",
        Ok(()),
    ),
    (LogoutUri::FrontChannel, "http://localhost:8080/fc", Ok(())),
    (
        LogoutUri::FrontChannel,
        "http://localhost:8081/fc",
        Err(Why::ForeignOrigin),
    ),
    (
        LogoutUri::FrontChannel,
        "https://other.example/fc",
        Err(Why::ForeignOrigin),
    ),
    (
        LogoutUri::FrontChannel,
        "http://app.example.com/fc",
        Err(Why::ForeignOrigin),
    ),
    (
        LogoutUri::FrontChannel,
        "javascript:alert(1)",
        Err(Why::Scheme),
    ),
    (LogoutUri::PostLogout, "https://other.example/bye", Ok(())),
    (
        LogoutUri::PostLogout,
        "http://other.example/bye",
        Err(Why::InsecureHttp),
    ),
    (
        LogoutUri::PostLogout,
        "JaVaScRiPt:alert(1)",
        Err(Why::Scheme),
    ),
    (
        LogoutUri::PostLogout,
        "com.example.app:/bye",
        Err(Why::PrivateUse),
    ),
];

#[test]
fn logout_uris_have_their_own_rules() {
    let redirects = ["https://app.example.com/cb", "http://localhost:8080/cb"];
    let confidential = client("web", "client_secret_basic", &redirects);
    let public = client("web", "none", &redirects);
    for (uri, for_confidential, for_public) in BACK_CHANNEL {
        let judge = |client| validate_logout_uri(LogoutUri::BackChannel, uri, client);
        assert_eq!(judge(&confidential), *for_confidential, "{uri}");
        assert_eq!(judge(&public), *for_public, "{uri}");
    }
    for (kind, uri, expected) in OTHER_LOGOUT {
        assert_eq!(
            validate_logout_uri(*kind, uri, &confidential),
            *expected,
            "{kind:?} {uri}"
        );
    }
}

#[test]
fn a_post_logout_uri_is_matched_as_a_string() {
    let mut client = client("native", "none", &["http://127.0.0.1/cb"]);
    client.post_logout_redirect_uris = vec!["http://127.0.0.1/bye".to_owned()];
    assert!(matches_post_logout(&client, "http://127.0.0.1/bye"));
    for uri in [
        "http://127.0.0.1:81/bye",
        "http://127.0.0.1/bye?",
        "http://127.0.0.1/cb",
    ] {
        assert!(!matches_post_logout(&client, uri), "{uri}");
    }
}

#[test]
fn loopback_is_this_machine() {
    for uri in [
        "http://localhost/",
        "https://a.localhost/",
        "http://127.0.0.9/",
        "http://[::1]",
    ] {
        assert!(is_loopback(uri) && !is_private_use(uri), "{uri}");
    }
    for uri in [
        "http://localhost.example/",
        "https://app.example.com/",
        "",
        "localhost",
    ] {
        assert!(!is_loopback(uri) && !impersonable(uri), "{uri}");
    }
    assert!(impersonable("http://[::1]:80/cb") && impersonable("com.example.app:/cb"));
}

#[test]
fn a_query_that_is_there_stays() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let pairs = [pair("code", "a b"), pair("state", "&=é")];
    let tail = "code=a+b&state=%26%3D%C3%A9";
    let cases = [
        ("https://a.example/cb", "https://a.example/cb?"),
        ("https://a.example", "https://a.example?"),
        ("https://a.example/cb?", "https://a.example/cb?"),
        (
            "https://a.example/cb?x=%2F+y",
            "https://a.example/cb?x=%2F+y&",
        ),
        ("https://a.example/cb?x&", "https://a.example/cb?x&"),
        ("com.example.app:/cb", "com.example.app:/cb?"),
    ];
    for (uri, start) in cases {
        assert_eq!(append_query(uri, &pairs), format!("{start}{tail}"));
        assert_eq!(append_query(uri, &[]), uri);
    }
}

proptest! {
    #[test]
    fn a_web_client_is_only_matched_by_what_it_registered(
        path in "[a-z/.;%@?&=:~-]{0,20}",
        noise in "[a-zA-Z0-9/.;%@?&=:#\\\\ ~-]{1,6}",
        at in 0_usize..60,
    ) {
        let registered = format!("https://app.example.com/{path}");
        let mut client = client("web", "none", &["https://app.example.com/cb"]);
        client.redirect_uris = vec![registered.clone()];
        let fit = validate_registration(&registered, WEB).is_ok();
        prop_assert_eq!(matches(&client, &registered), fit);
        let (head, tail) = registered.split_at(at.min(registered.len()));
        prop_assert!(!matches(&client, &format!("{head}{noise}{tail}")), "{head}|{noise}|{tail}");
    }

    #[test]
    fn a_loopback_match_differs_in_nothing_but_the_port(
        authority in "(127\\.0\\.0\\.1|localhost|\\[::1\\])?[:@.a-z0-9\\[\\]]{0,12}",
        path in "[a-z?#/]{0,4}",
    ) {
        let client = client("native", "none", &["http://127.0.0.1/cb"]);
        let uri = format!("http://{authority}/{path}");
        if matches(&client, &uri) {
            let url = Url::parse(&uri).unwrap();
            prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
            prop_assert_eq!(url.path(), "/cb");
            prop_assert!(url.query().is_none() && url.fragment().is_none());
            prop_assert!(url.username().is_empty() && url.password().is_none());
        }
    }

    #[test]
    fn every_port_is_taken(port in any::<u16>()) {
        let client = client("native", "none", &["http://127.0.0.1/cb"]);
        let uri = format!("http://127.0.0.1:{port}/cb");
        prop_assert!(matches(&client, &uri));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = validate_registration(&text, NATIVE);
        let _ = without_port(&text);
    }
    #[test]
    fn what_matches_leads_to_the_registered_place(
        which in 0..REGISTERED.len(),
        tricks in prop::collection::vec(
            (prop::sample::select(TRICKS.to_vec()), any::<prop::sample::Index>()),
            0..3,
        ),
        native: bool,
    ) {
        let registered = REGISTERED[which];
        let kind = if native { "native" } else { "web" };
        let client = client(kind, "none", &REGISTERED);
        let mut uri = registered.to_owned();
        for (trick, at) in tricks {
            let places: Vec<_> = (0..=uri.len()).filter(|at| uri.is_char_boundary(*at)).collect();
            uri.insert_str(places[at.index(places.len())], trick);
        }
        if matches(&client, &uri) {
            let (url, own) = (Url::parse(&uri).unwrap(), Url::parse(registered).unwrap());
            prop_assert_eq!(url.scheme(), own.scheme());
            prop_assert_eq!(url.host_str(), own.host_str(), "{}", uri);
            prop_assert_eq!((url.path(), url.query()), (own.path(), own.query()), "{}", uri);
            prop_assert!(url.fragment().is_none() && url.username().is_empty());
            prop_assert!(uri == registered || (native && is_loopback(registered)), "{}", uri);
        } else {
            prop_assert_ne!(uri, registered);
        }
    }
}

const REGISTERED: [&str; 5] = [
    "https://app.example.com/cb",
    "https://shop.example.com/a/cb?tenant=1",
    "http://127.0.0.1/cb",
    "http://[::1]:7000/cb",
    "http://localhost:7000/cb?a=1",
];

/// What makes two readers of an address see two places.
const TRICKS: [&str; 30] = [
    "@",
    "@@",
    "@evil.example",
    "evil.example@",
    ":443@evil.example",
    "\\",
    "\\@evil.example",
    "/",
    "//",
    "/..",
    "/..;/",
    "/./",
    "%2e%2e/",
    "%2f",
    "%40",
    "%5c",
    "%00",
    "#",
    "?",
    ":80",
    ":443",
    "51004",
    ".evil.example",
    "evil-",
    "sub.",
    "xn--",
    "b\u{fc}cher.",
    "\u{ff0e}",
    " ",
    "\t",
];
