//! The plan of the house, held: who may import whom, no cycles, fenced crates, pure rooms, and what
//! must not be built. A small scanner of `use` and paths; it reads the source, not the compiler.
//!
//! `cfg(test)` marks the helpers as tests for clippy, where they may panic.

#[cfg(test)]
#[path = "architecture/dependencies.rs"]
mod dependencies;
#[cfg(test)]
#[path = "architecture/house.rs"]
mod house;
#[cfg(test)]
#[path = "architecture/paths.rs"]
mod paths;
#[cfg(test)]
#[path = "architecture/source.rs"]
mod source;

use house::House;

/// Each room and its level: a room imports only lower levels.
const ROOMS: [(&str, u8); 18] = [
    ("clock", 0),
    ("failpoint", 0),
    ("entropy", 0),
    ("meters", 0),
    ("tls", 0),
    ("protocol", 1),
    ("session", 2),
    ("identity", 2),
    ("store", 3),
    ("outbound", 4),
    ("provider", 4),
    ("pages", 5),
    ("http", 6),
    ("demo", 6),
    ("config", 7),
    ("telemetry", 7),
    ("app", 8),
    ("cli", 9),
];

/// Doors between rooms of the same level.
const DOORS: [(&str, &str); 2] = [("provider", "outbound"), ("telemetry", "config")];

/// Rooms that import fewer levels than their own allows: strangers to the rest of the house.
const STRANGERS: [(&str, u8); 1] = [("demo", 0)];

/// Rooms inside a room that must not meet.
const APART: [(&str, &str); 2] = [
    ("store::record", "store::hot"),
    ("store::hot", "store::record"),
];

/// Where a crate, or a module of `std`, may be named.
const FENCES: [(&str, &[&str]); 11] = [
    ("actix_web", &["http", "app", "demo"]),
    ("actix_tls", &["http"]),
    ("rustls", &["tls"]),
    ("sqlx", &["store"]),
    ("redis", &["store"]),
    ("askama", &["pages"]),
    ("reqwest", &["outbound", "demo"]),
    ("openidconnect", &["demo"]),
    ("argon2", &["identity"]),
    ("prometheus", &["meters"]),
    ("std::env", &["config"]),
];

/// Rooms that only compute.
const PURE: [&str; 3] = ["protocol", "session", "identity"];

fn level(room: &str) -> Option<u8> {
    ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, level)| *level)
}

/// Why one room must not import the other, if so.
fn objection(from: &str, to: &str) -> Option<String> {
    let (Some(own), Some(other)) = (level(from), level(to)) else {
        return Some(format!(
            "the table has no room {from} or {to}: say where it stands"
        ));
    };
    let most = STRANGERS
        .iter()
        .find(|(room, _)| *room == from)
        .map(|(_, most)| *most);
    let low_enough = most.map_or(other < own, |most| other <= most);
    let allowed = from == to || low_enough || DOORS.contains(&(from, to));
    (!allowed).then(|| format!("{from} must not import {to}"))
}

fn import_objections(house: &House) -> Vec<String> {
    let mut objections = Vec::new();
    for (from, to) in house.edges() {
        let apart = APART
            .iter()
            .any(|(one, other)| house::is_within(from, one) && house::is_within(to, other));
        let objection = objection(house::room(from), house::room(to))
            .or_else(|| apart.then(|| "these two rooms of the store must not meet".to_owned()));
        objections.extend(objection.map(|text| format!("{from} -> {to}: {text}")));
    }
    objections
}

fn fence_objections(house: &House) -> Vec<String> {
    let mut objections = Vec::new();
    for (name, rooms) in FENCES {
        for module in house.naming(name) {
            if !rooms.contains(&house::room(module)) {
                objections.push(format!("{module} names {name}, which belongs to {rooms:?}"));
            }
        }
    }
    objections
}

fn purity_objections(house: &House) -> Vec<String> {
    let impure = house.modules_with_word("async").into_iter();
    impure
        .filter(|module| PURE.contains(&house::room(module)))
        .map(|module| format!("{module} is async, but its room only computes"))
        .collect()
}

fn main_objections(house: &House) -> Vec<String> {
    let named = house.named_by_main().into_iter();
    named
        .filter(|room| room != "cli")
        .map(|room| format!("main names {room}, not cli"))
        .collect()
}

fn source() -> House {
    House::read(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

#[track_caller]
fn assert_none(objections: &[String]) {
    assert!(objections.is_empty(), "\n{}\n", objections.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let house = source();
    let unknown: Vec<String> = house
        .rooms()
        .into_iter()
        .filter(|room| level(room).is_none())
        .collect();
    assert_none(&unknown);
}

#[test]
fn rooms_import_only_lower_levels() {
    assert_none(&import_objections(&source()));
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    assert_none(&source().cycles());
}

#[test]
fn fenced_crates_stay_in_their_rooms() {
    assert_none(&fence_objections(&source()));
}

#[test]
fn pure_rooms_do_not_wait() {
    assert_none(&purity_objections(&source()));
}

#[test]
fn main_only_calls_the_command_line() {
    assert_none(&main_objections(&source()));
}

/// The checks above, on houses that are wrong: a check that finds nothing may be blind.
mod on_a_wrong_house {
    use super::*;

    fn house(files: &[(&str, &str)]) -> House {
        House::of(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned())),
        )
    }

    #[test]
    fn an_upward_import_is_found_however_it_is_written() {
        for text in [
            "use crate::store::Unknown;",
            "use crate::{clock::Clock, store::{hot, Unknown as Gone}};",
            "fn f() { let _ = crate::store::hot::open(); }",
            "use super::super::store::Unknown;",
            "mod inner { type T = Option<crate::store::Unknown>; }",
        ] {
            let house = house(&[
                ("protocol/mod.rs", "pub mod scope;"),
                ("protocol/scope.rs", text),
                ("store/mod.rs", "pub mod hot;"),
                ("store/hot.rs", ""),
                ("clock.rs", ""),
            ]);
            let objections = import_objections(&house);
            assert!(
                objections
                    .iter()
                    .any(|text| text.contains("must not import")),
                "{text}"
            );
        }
    }

    #[test]
    fn siblings_strangers_and_rooms_apart_are_found() {
        for (from, to) in [
            ("session.rs", "identity"),
            ("demo.rs", "protocol"),
            ("pages.rs", "http"),
            ("outbound.rs", "provider"),
            ("store/hot.rs", "store::record"),
            ("http.rs", "demo"),
            ("cellar.rs", "clock"),
        ] {
            let text = format!("use crate::{to}::Thing;");
            let house = house(&[
                ("identity.rs", ""),
                ("store/mod.rs", "pub mod record;"),
                ("store/record.rs", ""),
                ("provider.rs", ""),
                ("protocol.rs", ""),
                ("demo.rs", ""),
                ("http.rs", ""),
                ("clock.rs", ""),
                (from, &text),
            ]);
            assert_eq!(import_objections(&house).len(), 1, "{from} -> {to}");
        }
    }

    #[test]
    fn a_circle_is_found_through_a_re_export_too() {
        let circle = house(&[
            ("session/mod.rs", "mod a; mod b; pub use b::Thing;"),
            ("session/a.rs", "use super::Thing;"),
            ("session/b.rs", "use crate::session::a::Other;"),
        ]);
        assert_eq!(circle.cycles(), ["session::a -> session::b -> session::a"]);
        let straight = house(&[
            (
                "session/mod.rs",
                "mod a; mod b; pub use b::Thing; pub struct Own; use a::Other;",
            ),
            ("session/a.rs", "use super::{Own, Thing};"),
            (
                "session/b.rs",
                "#[cfg(test)] mod tests { use super::super::a::Other; }",
            ),
        ]);
        assert_eq!(straight.cycles(), [""; 0]);
    }

    #[test]
    fn a_crate_outside_its_fence_is_found_and_a_mention_is_not() {
        for (text, wrong) in [
            ("use actix_web::web;", 1),
            ("#[actix_web::get] fn f() {}", 1),
            ("use sqlx as sql;", 1),
            ("use std::{env, fmt};", 1),
            ("fn f() { std::env::var_os(\"X\"); }", 1),
            ("// use actix_web::web;\n/* sqlx::query */", 0),
            (
                "const TEXT: &str = \"std::env\"; const RAW: &str = r#\"sqlx::\"#;",
                0,
            ),
            ("#[cfg(test)] mod tests { use std::env; }", 0),
            ("use std::fmt;", 0),
        ] {
            let house = house(&[("provider/mod.rs", text)]);
            assert_eq!(fence_objections(&house).len(), wrong, "{text}");
        }
    }

    #[test]
    fn waiting_and_a_busy_main_are_found() {
        let house = house(&[
            ("session/mod.rs", "pub async fn wait() {}"),
            ("store/mod.rs", "pub async fn wait() {}"),
            (
                "main.rs",
                "use lanyard::store; fn main() { lanyard::cli::run(); }",
            ),
        ]);
        assert_eq!(purity_objections(&house).len(), 1);
        assert_eq!(main_objections(&house), ["main names store, not cli"]);
    }
}
