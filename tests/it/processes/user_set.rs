//! `lanyard user set`.

use serde_json::Value;

use crate::support::Installation;

const OWN: &str = "[[claims]]\nattribute = \"department\"\nscope = \"profile\"\n";

fn with_alice() -> Installation {
    let house = Installation::new();
    let file = std::fs::read_to_string(house.path("lanyard.toml")).unwrap();
    house.write("lanyard.toml", &format!("{file}{OWN}"));
    let create = ["user", "create", "--username", "alice", "--password-stdin"];
    house
        .run_with(&create, "violet harbour kettle\n")
        .succeeded();
    house
}

fn set(house: &Installation, fields: &[&str]) -> Result<String, String> {
    let mut arguments = vec!["user", "set", "alice"];
    arguments.extend_from_slice(fields);
    let done = house.run_with(&arguments, "");
    if done.status == Some(0) {
        Ok(done.succeeded())
    } else {
        Err(done.refused())
    }
}

fn claims(house: &Installation) -> Value {
    let shown = house
        .run_with(&["user", "show", "alice", "--json"], "")
        .succeeded();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    shown["claims"].clone()
}

#[test]
fn what_cannot_be_set_changes_nothing() {
    let house = with_alice();
    for (fields, part) in [
        (&["sub=u_b"][..], "sub: there is no such field"),
        (&["birthdate=yesterday"][..], "birthdate: is not a date"),
        (
            &["email_verified=yes"][..],
            "email_verified: \"yes\" is neither true nor false",
        ),
        (&["name=a", "name=b"][..], "name: is given twice"),
        (&["username=a b"][..], "username: holds a blank"),
        (
            &["phone_number=call me"][..],
            "phone_number: is no phone number",
        ),
        (
            &["nickname=Al", "website=javascript:x"][..],
            "website: is not an http",
        ),
    ] {
        let said = set(&house, fields).expect_err(part);
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(claims(&house), serde_json::json!({}));
}

#[test]
fn fields_are_set_and_taken_away() {
    let house = with_alice();
    let fields = [
        "name=Alice Liddell",
        "groups=staff",
        "groups=board",
        "locality=Oxford",
        "department=Sales",
        "email=alice@example.com",
        "email_verified=true",
    ];
    assert!(set(&house, &fields).unwrap().contains("Changed alice."));
    let told = claims(&house);
    assert_eq!(told["groups"], serde_json::json!(["staff", "board"]));
    assert_eq!(told["address"]["locality"], "Oxford");
    assert_eq!(told["attributes"]["department"], "Sales");
    assert_eq!(told["email_verified"], true);
    set(
        &house,
        &["groups=", "locality=", "department=", "email=a@example.com"],
    )
    .unwrap();
    let expected = serde_json::json!({ "name": "Alice Liddell", "email": "a@example.com" });
    assert_eq!(claims(&house), expected);
}
