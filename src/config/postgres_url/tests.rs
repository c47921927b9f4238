use super::*;

fn complete(text: &str, password: Option<&str>) -> String {
    let password = password.map(|text| Secret::new(Zeroizing::new(text.to_owned())));
    let address = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
    address.complete(password.as_ref()).expose().to_owned()
}

/// An address, and what its refusal begins with.
const BAD: &[(&str, &str)] = &[
    ("postgres:", "It names no user."),
    ("postgres://", "It names no user."),
    ("postgres://db/lanyard", "It names no user."),
    ("postgres:lanyard", "It names no user."),
    ("postgres://:secret@db/lanyard", "It names no user."),
    ("postgres://me@/lanyard", "It names no host."),
    (
        "postgres://me@0.0.0.0/lanyard",
        "It names no host that can be reached.",
    ),
    (
        "postgres://me@db:0/lanyard",
        "It names no host that can be reached.",
    ),
    ("postgres://me@a,b/lanyard", "It names several hosts."),
    (
        "postgres://me@db:port/lanyard",
        "Its port is not one from 1 to 65535",
    ),
    (
        "postgres://me@db:65536/lanyard",
        "Its port is not one from 1 to 65535",
    ),
    (
        "postgres://me:sec/ret@db/lanyard",
        "Its port is not one from 1 to 65535",
    ),
    (
        "postgres://me:sec?ret@db/lanyard",
        "Its port is not one from 1 to 65535",
    ),
    (
        "postgres://me:sec#ret@db/lanyard",
        "Its port is not one from 1 to 65535",
    ),
    (
        "postgres://me:1/secret?secret@db/lanyard",
        "It names no user.",
    ),
    (
        "postgres://me:%ff@db/lanyard",
        "Its user or password is not UTF-8.",
    ),
    ("postgres://me@db", "It names no database."),
    ("postgres://me@db/", "It names no database."),
    ("postgres://me@db/a/b", "It names no database."),
    ("postgres://me@db//a", "It names no database."),
    ("postgres://me@db/%ff", "It names no database."),
    ("postgres://me@db/a#secret", "It has a #."),
    (
        "postgres://me@db/a?sslmode=on",
        "Its sslmode is not known. Write one of disable, ",
    ),
    ("postgres://me@db/a?sslmode=", "Its sslmode is not known."),
    (
        "postgres://me@db/a?sslmode=disable&sslmode=verify-full",
        "It has sslmode twice.",
    ),
    (
        "postgres://me@db/a?sslrootcert=",
        "Its sslrootcert is not the path of a file.",
    ),
    (
        "postgres://me@db/a?sslkey=-----BEGIN",
        "Its sslkey is not the path of a file.",
    ),
    (
        "postgres://me@db/a?sslkey=k.pem",
        "It has one of sslcert and sslkey.",
    ),
    (
        "postgres://me@db/a?ssl=true",
        "It has the parameter ssl, which is not taken. Remove it",
    ),
    (
        "postgres://me@db/a?SSL%20mode=1",
        "It has a parameter that is not taken. Remove it;",
    ),
    (
        "postgres://me@db/a?secret@x",
        "It has a parameter that is not taken.",
    ),
    (
        "postgres://me@db/a?password=secret",
        "It has the parameter password, which is not taken. database.password_file takes",
    ),
    (
        "postgres://me@db/a?host=/tmp",
        "It has the parameter host, which is not taken. Write postgres://user@host:5432/name",
    ),
];

#[test]
fn what_is_refused() {
    for (text, start) in BAD {
        let problem = parse(text)
            .err()
            .unwrap_or_else(|| panic!("{text} is taken"));
        assert!(problem.starts_with(start), "{text}: {problem}");
        assert!(
            !problem.contains("secret") && !problem.contains("ret@"),
            "{problem}"
        );
    }
}

#[test]
fn where_addresses_lead() {
    for (text, shown, local) in [
        (
            "postgres://me:secret@db.internal/lanyard?sslmode=verify-full",
            "PostgreSQL at db.internal:5432, database lanyard, sslmode verify-full",
            false,
        ),
        (
            "postgresql://me@[2001:db8::1]:5433/lanyard",
            "PostgreSQL at [2001:db8::1]:5433, database lanyard, sslmode prefer",
            false,
        ),
        (
            "postgres://me@localhost/lanyard?application_name=sso&options=-c%20jit%3Doff",
            "PostgreSQL at localhost:5432, database lanyard, sslmode prefer",
            true,
        ),
        (
            "postgres://me@%2Fvar%2Frun%2Fpostgresql/lanyard",
            "PostgreSQL at /var/run/postgresql, database lanyard",
            true,
        ),
    ] {
        let address = parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        assert_eq!(address.shown(), shown);
        assert_eq!(address.is_local(), local, "{text}");
    }
}

#[test]
fn every_mode_is_taken() {
    for mode in MODES {
        let address = parse(&format!("postgres://me@db/lanyard?sslmode={mode}"));
        let address = address.unwrap_or_else(|problem| panic!("{mode}: {problem}"));
        assert_eq!(address.mode().as_deref(), Some(mode));
    }
}

#[test]
fn nothing_is_left_open_and_passwords_arrive_as_they_are() {
    assert_eq!(
        complete("postgres://me@db/lanyard", None),
        "postgres://me@db:5432/lanyard?sslmode=prefer"
    );
    assert_eq!(
        complete("postgres://me:in%40side@db:1/a?sslmode=require", None),
        "postgres://me:in%40side@db:1/a?sslmode=require"
    );
    for password in ["simple", "a%41b", "@:/?#[]", "p%", "ünï cödé", "+&=;,'\"\\"] {
        let url = complete("postgres://me@db:1/a?sslmode=disable", Some(password));
        let url = Url::parse(&url).unwrap();
        let decoded = url.password().and_then(host::decoded);
        assert_eq!(decoded.as_deref(), Some(password));
        assert_eq!((url.host_str(), url.path()), (Some("db"), "/a"));
    }
}

#[test]
fn schemes() {
    for (text, one) in [
        ("postgres://a", true),
        ("PostgreSQL://a", true),
        ("postgres", false),
        ("sqlite:postgres:", false),
        ("pöstgres:", false),
    ] {
        assert_eq!(is_one(text), one, "{text}");
    }
}
