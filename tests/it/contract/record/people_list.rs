//! People as the admin pages list them.

use lanyard::session::ending::Actor;
use lanyard::store::record::{Cursor, PeopleQuestion, Record, Which};

use super::{Backend, World, both, user, user_id};

both!(
    people_are_listed_by_username_in_pages,
    people_are_found_by_how_a_name_of_theirs_begins,
    a_search_turns_its_pages_and_repeats_nobody,
    only_some_of_them_are_asked_for,
    a_cursor_of_another_search_leads_nowhere_else,
);

fn asking(typed: &str) -> PeopleQuestion {
    PeopleQuestion {
        typed: typed.to_owned(),
        limit: 10,
        ..PeopleQuestion::default()
    }
}

async fn names(record: &Record, question: &PeopleQuestion) -> Vec<String> {
    let page = record.find_people(question).await.unwrap();
    let names = page.rows.into_iter().map(|row| row.user.username);
    names.collect()
}

/// All pages, and how long each is.
async fn leafed(record: &Record, mut question: PeopleQuestion) -> (Vec<String>, Vec<usize>) {
    let (mut all, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = record.find_people(&question).await.unwrap();
        sizes.push(page.rows.len());
        all.extend(page.rows.into_iter().map(|row| row.user.username));
        let Some(next) = page.next else { break };
        question.after = Cursor::decode(&next.encode());
    }
    (all, sizes)
}

async fn people_are_listed_by_username_in_pages(on: Backend) {
    let world = World::empty(on).await;
    for name in ["dora", "Berta", "anna", "Emil", "carl"] {
        world.record.insert_user(&user(name)).await.unwrap();
    }
    world.pass(60);
    world.begin("dora").await;
    let question = PeopleQuestion {
        limit: 2,
        ..asking("  ")
    };
    let (all, sizes) = leafed(&world.record, question).await;
    assert_eq!(all, ["anna", "Berta", "carl", "dora", "Emil"]);
    assert_eq!(sizes, [2, 2, 1]);
    let page = world.record.find_people(&asking("dora")).await.unwrap();
    assert_eq!(page.rows[0].last_signed_in, Some(world.now()));
}

async fn people_are_found_by_how_a_name_of_theirs_begins(on: Backend) {
    let world = World::empty(on).await;
    let record = &world.record;
    let mut zoe = user("zoe");
    zoe.profile.name = Some("Zoë van  ÅNGSTRÖM".to_owned());
    zoe.profile.email = Some("mail_100%@example.org".to_owned());
    record.insert_user(&zoe).await.unwrap();
    record.insert_user(&user("yan")).await.unwrap();
    for (typed, found) in [
        ("ZO", &["zoe"][..]),
        ("ångs", &["zoe"]),
        ("van ång", &["zoe"]),
        ("mail_1", &["zoe"]),
        ("mail%1", &[]),
        ("oe", &[]),
        ("%", &[]),
        ("\0", &[]),
        ("'; --", &[]),
        ("", &["yan", "zoe"]),
    ] {
        assert_eq!(names(record, &asking(typed)).await, found, "{typed}");
    }
    record
        .delete_user(&user_id("zoe"), &Actor::CommandLine)
        .await
        .unwrap();
    assert_eq!(names(record, &asking("zo")).await, [""; 0]);
    assert_eq!(names(record, &asking("")).await, ["yan"]);
}

async fn a_search_turns_its_pages_and_repeats_nobody(on: Backend) {
    let world = World::empty(on).await;
    let mut expected = Vec::new();
    for place in 0..7 {
        let mut one = user(&format!("sam{place}"));
        // Several names that begin alike.
        one.profile.name = Some(format!("Sam Samson Sample {place}"));
        one.profile.given_name = Some("Sam".to_owned());
        world.record.insert_user(&one).await.unwrap();
        expected.push(one.username);
    }
    let question = PeopleQuestion {
        limit: 3,
        ..asking("SAM")
    };
    let (mut all, sizes) = leafed(&world.record, question).await;
    all.sort();
    assert_eq!(all, expected);
    assert_eq!(sizes, [3, 3, 1]);
}

async fn only_some_of_them_are_asked_for(on: Backend) {
    let world = World::empty(on).await;
    let (record, root) = (&world.record, Actor::CommandLine);
    for name in ["ada", "alan", "bea"] {
        record.insert_user(&user(name)).await.unwrap();
    }
    let (alan, bea) = (user_id("alan"), user_id("bea"));
    record.set_enabled(&alan, false, &root).await.unwrap();
    record.set_admin(&bea, true, &root).await.unwrap();
    for (which, all, with_a) in [
        (
            Which::Everybody,
            &["ada", "alan", "bea"][..],
            &["ada", "alan"][..],
        ),
        (Which::Enabled, &["ada", "bea"], &["ada"]),
        (Which::Disabled, &["alan"], &["alan"]),
        (Which::Administrators, &["bea"], &[]),
    ] {
        for (typed, expected) in [("", all), ("a", with_a)] {
            let question = PeopleQuestion {
                which,
                ..asking(typed)
            };
            assert_eq!(
                names(record, &question).await,
                expected,
                "{which:?} {typed}"
            );
        }
    }
}

async fn a_cursor_of_another_search_leads_nowhere_else(on: Backend) {
    let world = World::empty(on).await;
    for name in ["anna", "berta", "bob", "carl"] {
        world.record.insert_user(&user(name)).await.unwrap();
    }
    let first = PeopleQuestion {
        limit: 1,
        ..asking("anna")
    };
    let all = PeopleQuestion {
        limit: 1,
        ..asking("")
    };
    assert_eq!(world.record.find_people(&first).await.unwrap().next, None);
    let after = world.record.find_people(&all).await.unwrap().next;
    let question = PeopleQuestion {
        after,
        ..asking("b")
    };
    assert_eq!(names(&world.record, &question).await, ["berta", "bob"]);
}
