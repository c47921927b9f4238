//! The searched audit, in pages.

use std::collections::BTreeSet;

use lanyard::clock::Timestamp;
use lanyard::entropy::ClientId;
use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::{AuditCursor, AuditEntry, AuditPage, AuditQuestion, reference};

use super::{Backend, World, both, user_id};

both!(
    lines_of_one_moment_are_paged_without_loss,
    conditions_are_joined,
    a_person_is_found_in_what_they_did_and_in_what_was_done_to_them,
    a_search_among_many_that_do_not_match_goes_on,
    hostile_text_is_text,
);

fn entry(world: &World, actor: &str, action: &str, target: &str) -> AuditEntry {
    AuditEntry {
        at: world.now(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        session: None,
        address: None,
        reason: None,
        detail: None,
    }
}

async fn page(world: &World, question: &AuditQuestion) -> AuditPage {
    world.record.search_audit(question, None, 50).await.unwrap()
}

async fn all_pages(world: &World, question: &AuditQuestion, size: usize) -> Vec<AuditPage> {
    let mut pages: Vec<AuditPage> = Vec::new();
    loop {
        let cursor = pages.last().and_then(|page| page.older.as_ref());
        let cursor = cursor.map(|cursor| AuditCursor::parse(&cursor.to_string()).unwrap());
        let page = world.record.search_audit(question, cursor.as_ref(), size);
        pages.push(page.await.unwrap());
        if pages[pages.len() - 1].older.is_none() {
            return pages;
        }
        assert!(pages.len() < 100);
    }
}

async fn lines_of_one_moment_are_paged_without_loss(on: Backend) {
    let world = World::peopled(on).await;
    for _ in 0..3 {
        let lines: Vec<_> = (0..7)
            .map(|place| entry(&world, "person:u_alice", "act", &format!("{place}")))
            .collect();
        world.record.append_audit(&lines).await.unwrap();
        world.pass(1);
    }
    let by_alice = AuditQuestion {
        person: Some(user_id("alice")),
        ..AuditQuestion::default()
    };
    for question in [AuditQuestion::default(), by_alice] {
        let newest_first = world.record.recent_audit(100).await.unwrap();
        for size in [1, 5, 20, 21, 22] {
            let pages = all_pages(&world, &question, size).await;
            let lines: Vec<_> = pages.iter().flat_map(|page| page.lines.clone()).collect();
            assert_eq!(lines, newest_first, "{size}");
            for place in (1..pages.len()).rev() {
                let newer = pages[place].newer.as_ref();
                let back = world
                    .record
                    .search_audit(&question, newer, size)
                    .await
                    .unwrap();
                assert_eq!(back.lines, pages[place - 1].lines, "{size}");
            }
        }
    }
}

/// A sign-in of alice's; ten seconds later what the command line did, and a failure.
async fn busy(on: Backend) -> (World, String, Timestamp) {
    let world = World::peopled(on).await;
    let session = reference(world.begin("alice").await.id);
    let in_session = AuditEntry {
        session: Some(session.clone()),
        ..entry(&world, "system", "sign_in", "person:u_alice")
    };
    world.record.append_audit(&[in_session]).await.unwrap();
    let middle = world.pass(10);
    let lines = [
        entry(&world, "command_line", "user.disable", "u_bob"),
        entry(&world, "command_line", "client.create", "wiki"),
        entry(&world, "system", "sign_in_failed", "account:x"),
    ];
    world.record.append_audit(&lines).await.unwrap();
    (world, session, middle)
}

/// Actor, action and target; empty for any.
fn asked([actor, action, target]: [&str; 3]) -> AuditQuestion {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    AuditQuestion {
        actor: text(actor),
        action: text(action),
        target: text(target),
        ..AuditQuestion::default()
    }
}

async fn conditions_are_joined(on: Backend) {
    let (world, session, middle) = busy(on).await;
    let all = || asked(["", "", ""]);
    let of_session = AuditQuestion {
        session: Some(session),
        ..all()
    };
    let since = AuditQuestion {
        since: Some(middle),
        ..asked(["system", "", ""])
    };
    let before = AuditQuestion {
        before: Some(middle),
        ..all()
    };
    let everything = "sign_in user.disable client.create sign_in_failed";
    let by_shell = "user.disable client.create";
    for (question, expected) in [
        (all(), everything),
        (asked(["command_line", "", ""]), by_shell),
        (
            asked(["command_line", "client.create", ""]),
            "client.create",
        ),
        (asked(["", "", "u_bob"]), "user.disable"),
        (asked(["system", "", "wiki"]), ""),
        (of_session, "sign_in"),
        (since, "sign_in_failed"),
        (before, "sign_in"),
    ] {
        let found = page(&world, &question).await;
        let found: BTreeSet<_> = found
            .lines
            .iter()
            .map(|line| line.action.as_str())
            .collect();
        let expected = expected.split_whitespace().collect();
        assert_eq!(found, expected, "{question:?}");
    }
}

async fn a_person_is_found_in_what_they_did_and_in_what_was_done_to_them(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    world.join(&session, "wiki").await;
    let part = Selection::ClientInSession(session.id, ClientId::new("wiki"));
    world.end(part, Reason::Admin).await;
    world
        .end(Selection::Session(session.id), Reason::Admin)
        .await;
    let other = world.begin("alice").await;
    world.join(&other, "wiki").await;
    let of_alice = Selection::ClientOfPerson(user_id("alice"), ClientId::new("wiki"));
    world.end(of_alice, Reason::User).await;
    let all = Selection::Person {
        user: user_id("alice"),
        except: None,
    };
    world.end(all, Reason::Disabled).await;
    world.begin("bob").await;
    let by_bob = entry(&world, "person:u_bob", "user.disable", "u_alice");
    let to_bob = entry(&world, "person:u_alice", "user.edit", "person:u_bob");
    let gone = entry(&world, "system", "user.delete", "person:u_gone");
    world
        .record
        .append_audit(&[by_bob, to_bob, gone])
        .await
        .unwrap();

    let person = |name: &str| AuditQuestion {
        person: Some(user_id(name)),
        ..AuditQuestion::default()
    };
    for (name, expected) in [
        (
            "alice",
            vec![
                "session.end_client",
                "session.end",
                "person.end_client",
                "person.end_sessions",
                "user.disable",
                "user.edit",
            ],
        ),
        ("bob", vec!["user.disable", "user.edit"]),
        ("gone", vec!["user.delete"]),
        ("nobody", vec![]),
    ] {
        let found = page(&world, &person(name)).await;
        let mut found: Vec<_> = found.lines.into_iter().map(|line| line.action).collect();
        found.sort();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{name}");
    }
    let both = AuditQuestion {
        actor: Some("person:u_bob".to_owned()),
        ..person("alice")
    };
    assert_eq!(page(&world, &both).await.lines.len(), 1);
}

async fn a_search_among_many_that_do_not_match_goes_on(on: Backend) {
    let world = World::peopled(on).await;
    let wanted = entry(&world, "system", "rare", "t");
    world.record.append_audit(&[wanted]).await.unwrap();
    world
        .run(&format!(
            "INSERT INTO audit (id, at, actor, action, target) \
             WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999) \
             SELECT 'x' || i, {} + i, CASE WHEN i < 6000 THEN 'system' ELSE 'other' END, \
             CASE WHEN i < 6000 THEN 'often' ELSE 'rare' END, 't' FROM n",
            world.now().as_millis() + 1
        ))
        .await;
    let question = asked(["system", "rare", "t"]);
    let first = page(&world, &question).await;
    assert!(first.lines.is_empty() && first.stopped_early, "{first:?}");
    let mut next = first;
    for _ in 0..3 {
        if next.lines.is_empty() {
            let record = &world.record;
            next = record
                .search_audit(&question, next.older.as_ref(), 50)
                .await
                .unwrap();
        }
    }
    assert_eq!(next.lines.len(), 1);
    assert_eq!(next.older, None);
}

async fn hostile_text_is_text(on: Backend) {
    let world = World::peopled(on).await;
    let odd = entry(&world, "a'b\\%_", "x; DROP", "\"$1\"");
    world.record.append_audit(&[odd]).await.unwrap();
    for (actor, target, expected) in [
        ("a'b\\%_", "\"$1\"", 1),
        ("%", "\"$1\"", 0),
        ("a'b\\%_", "_", 0),
        ("a'b\\%_\0", "\"$1\"", 0),
    ] {
        let question = asked([actor, "", target]);
        assert_eq!(
            page(&world, &question).await.lines.len(),
            expected,
            "{actor:?} {target:?}"
        );
    }
}
