//! `--help` of every command: there, readable, and true as far as a program can tell.

use clap::{CommandFactory as _, Parser as _};
use lanyard::cli::args::Cli;

use crate::support::Installation;

/// All commands, as they are typed.
fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
        all.push(path.to_vec());
        for sub in command
            .get_subcommands()
            .filter(|sub| sub.get_name() != "help")
        {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            below(sub, &path, all);
        }
    }
    let mut all = Vec::new();
    below(&Cli::command(), &[], &mut all);
    all
}

fn help_of(house: &Installation, path: &[String]) -> String {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    house.run(&arguments).succeeded()
}

/// The command lines that a help shows, without their variables and redirections.
fn examples(help: &str) -> Vec<String> {
    let joined = help.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| {
        let line = line.strip_prefix("  ")?;
        let (variables, rest) = line.split_once("lanyard ")?;
        let typed = variables
            .split_whitespace()
            .all(|word| word.starts_with("LANYARD__"));
        // Two spaces set off what the example is for.
        let rest = rest.split("  ").filter(|part| !part.is_empty());
        let rest: Vec<_> = rest.collect();
        let command = if rest
            .iter()
            .skip(1)
            .all(|part| part.trim_start().starts_with("--"))
        {
            rest.join(" ")
        } else {
            rest[0].to_owned()
        };
        let command = command.split(" < ").next().unwrap_or_default().to_owned();
        typed.then(|| format!("lanyard {command}"))
    });
    lines.collect()
}

/// Words as a shell splits them, as far as the examples go.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('"').enumerate() {
        if number % 2 == 0 {
            words.extend(part.split_whitespace().map(str::to_owned));
        } else {
            words.push(part.to_owned());
        }
    }
    words
}

#[test]
fn there_are_the_commands_that_the_first_page_names() {
    let all: Vec<_> = commands().iter().map(|path| path.join(" ")).collect();
    for command in [
        "serve",
        "demo",
        "check",
        "migrate",
        "user create",
        "client create",
        "client list",
        "session list",
        "session end",
    ] {
        assert!(all.contains(&command.to_owned()), "{command}");
    }
}

#[test]
fn every_help_fits_a_terminal_and_every_example_can_be_typed() {
    let house = Installation::new();
    let mut tried = 0;
    for path in commands() {
        let help = help_of(&house, &path);
        assert!(help.contains("Usage: lanyard"), "{help}");
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{path:?}: {line}");
        }
        for example in examples(&help) {
            let parsed = Cli::try_parse_from(words(&example));
            assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
            tried += 1;
        }
    }
    assert!(tried >= 15, "only {tried} examples were found");
}

#[test]
fn what_cannot_be_typed_is_told_by_another_status_than_a_refusal() {
    let house = Installation::new();
    for arguments in [
        &["start"][..],
        &["session", "end"],
        &["demo", "--port", "0"],
    ] {
        let done = house.run(arguments);
        assert_eq!(done.status, Some(2), "{done:?}");
        assert!(done.stderr.contains("--help"), "{done:?}");
    }
    assert!(!house.path("data").exists());
}
