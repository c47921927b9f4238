use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn what_is_refused() {
    for (line, kind) in [
        (
            "lanyard",
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ),
        ("lanyard start", ErrorKind::InvalidSubcommand),
        ("lanyard serve now", ErrorKind::UnknownArgument),
        ("lanyard demo --port 0", ErrorKind::ValueValidation),
        ("lanyard demo --port 65536", ErrorKind::ValueValidation),
        ("lanyard user create", ErrorKind::MissingRequiredArgument),
        (
            "lanyard user create --username a --password b",
            ErrorKind::UnknownArgument,
        ),
        ("lanyard client create", ErrorKind::MissingRequiredArgument),
        (
            "lanyard client create --name Wiki",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "lanyard client create --redirect-uri https://a.example",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "lanyard client create --from a.json --name Wiki",
            ErrorKind::ArgumentConflict,
        ),
        (
            "lanyard client create --from a.json --id-token-alg ES256",
            ErrorKind::ArgumentConflict,
        ),
        (
            "lanyard client create --name Wiki --redirect-uri https://a.example --public --no-pkce",
            ErrorKind::ArgumentConflict,
        ),
        (
            "lanyard client create --name Wiki --redirect-uri https://a.example --id-token-alg none",
            ErrorKind::InvalidValue,
        ),
        ("lanyard session list --limit 0", ErrorKind::ValueValidation),
        ("lanyard session end", ErrorKind::MissingRequiredArgument),
        (
            "lanyard session end 7QK4-M2XD-HPLA --user alice",
            ErrorKind::ArgumentConflict,
        ),
    ] {
        assert_eq!(parse(line).unwrap_err().kind(), kind, "{line}");
    }
}

#[test]
fn the_file_can_be_named_before_and_after_the_command() {
    for line in [
        "lanyard --config a.toml check",
        "lanyard check --config a.toml",
    ] {
        let cli = parse(line).unwrap();
        assert_eq!(cli.config, Some(PathBuf::from("a.toml")));
        assert!(matches!(cli.command, Command::Check(_)));
    }
}

#[test]
fn the_demo_has_its_ports() {
    let Command::Demo(demo) = parse("lanyard demo").unwrap().command else {
        panic!("not the demo");
    };
    let expected = Demo {
        port: 8080,
        wiki_port: 8081,
        shop_port: 8082,
        data: None,
    };
    assert_eq!(demo, expected);
}

#[test]
fn a_client_by_options_and_from_standard_input() {
    let line = "lanyard client create --name Wiki --redirect-uri https://a.example/1 \
                --redirect-uri https://a.example/2 --id-token-alg ES256 \
                --id wiki --first-party";
    let Command::Client(ClientCommand::Create(client)) = parse(line).unwrap().command else {
        panic!("not a client");
    };
    assert_eq!(
        client.redirect_uri,
        ["https://a.example/1", "https://a.example/2"]
    );
    assert_eq!(client.id_token_alg, SigningAlg::Es256);
    assert!(client.first_party && !client.public && !client.json);

    let line = "lanyard client create --from - --id wiki --json";
    let Command::Client(ClientCommand::Create(client)) = parse(line).unwrap().command else {
        panic!("not a client");
    };
    assert_eq!(client.from.as_deref(), Some("-"));
    assert!(client.json);
}

#[test]
fn a_device_needs_no_redirect_uri() {
    let line = "lanyard client create --name TV --public --device";
    let Command::Client(ClientCommand::Create(tv)) = parse(line).unwrap().command else {
        panic!("not a client");
    };
    assert!(tv.device && tv.public && tv.redirect_uri.is_empty());
    let kind = parse("lanyard client create --from a.json --device");
    assert_eq!(kind.unwrap_err().kind(), ErrorKind::ArgumentConflict);
    let nameless = parse("lanyard client create --device").unwrap_err();
    assert_eq!(nameless.kind(), ErrorKind::MissingRequiredArgument);
    let said = nameless.to_string();
    let missing = said.split("Usage:").next().unwrap();
    assert!(missing.contains("--name <NAME>"), "{said}");
    assert!(!missing.contains("--from"), "{said}");
}

#[test]
fn what_is_said_of_tokens_stands_in_the_file_or_in_options() {
    for option in [
        "--access-token-format opaque",
        "--access-token-lifetime 60",
        "--id-token-lifetime 60",
        "--refresh-token-idle-timeout 60",
        "--refresh-token-lifetime 60",
        "--access-token-audience https://api.example",
        "--subject-type pairwise",
        "--sector-identifier-uri https://a.example/apps.json",
        "--userinfo-alg ES256",
        "--introspection-alg ES256",
        "--auth-method client_secret_jwt",
        "--auth-signing-alg HS256",
        "--jwks-uri https://a.example/jwks",
    ] {
        let line = format!("lanyard client create --from a.json {option}");
        let kind = parse(&line).unwrap_err().kind();
        assert_eq!(kind, ErrorKind::ArgumentConflict, "{option}");
        let usual = "lanyard client create --name A --redirect-uri https://a.example/cb";
        parse(&format!("{usual} {option}")).unwrap();
        let (name, _) = option.split_once(' ').unwrap();
        assert!(parse(&format!("{usual} {name} ")).is_err(), "{name}");
    }
}

#[test]
fn one_session_or_all_of_a_person() {
    for (line, reference, user) in [
        (
            "lanyard session end 7QK4-M2XD-HPLA",
            Some("7QK4-M2XD-HPLA"),
            None,
        ),
        (
            "lanyard session end --user alice --revoke --yes",
            None,
            Some("alice"),
        ),
    ] {
        let Command::Session(SessionCommand::End(end)) = parse(line).unwrap().command else {
            panic!("not an end");
        };
        assert_eq!(end.reference.as_deref(), reference);
        assert_eq!(end.user.as_deref(), user);
        assert_eq!(end.how.revoke, user.is_some());
    }
}

#[test]
fn keys_of_one_algorithm_or_of_both() {
    for (line, alg, now) in [
        ("lanyard key rotate", KeyAlg::All, false),
        ("lanyard key rotate --alg ES256 --now", KeyAlg::Es256, true),
        ("lanyard key rotate --alg all --yes", KeyAlg::All, false),
    ] {
        let Command::Key(KeyCommand::Rotate(rotate)) = parse(line).unwrap().command else {
            panic!("not a rotation");
        };
        assert_eq!((rotate.alg, rotate.now), (alg, now), "{line}");
    }
    let wrong = parse("lanyard key rotate --alg HS256").unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::InvalidValue);
}
