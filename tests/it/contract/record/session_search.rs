//! The searched list of sessions, in pages.

use std::collections::BTreeSet;
use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::identity::user::{Profile, User};
use lanyard::session::ending::{Reason, Selection};
use lanyard::session::session::Session;
use lanyard::store::record::{
    Counted, SessionCursor, SessionPage, SessionQuestion, SessionState, SignIn, reference,
};

use super::{Backend, World, both, client, user, user_id};

both!(
    pages_of_one_moment_lose_and_repeat_nothing,
    pages_go_back_as_they_came,
    what_is_typed_finds_people_addresses_browsers_and_references,
    conditions_are_joined,
    a_page_stays_true_while_sessions_end_and_begin,
    hostile_text_is_text,
    a_search_among_many_that_do_not_match_goes_on_from_its_cursor,
    lines_say_which_apps_can_be_told,
    sessions_and_people_of_before_are_found,
    names_that_begin_alike_have_a_limit,
);

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME: &str = "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36";

fn any(world: &World) -> SessionQuestion {
    SessionQuestion {
        state: SessionState::Any,
        ..SessionQuestion::live(world.now())
    }
}

fn typed(world: &World, q: &str) -> SessionQuestion {
    SessionQuestion {
        q: q.to_owned(),
        ..any(world)
    }
}

async fn first(world: &World, question: &SessionQuestion) -> SessionPage {
    world
        .record
        .search_sessions(question, None, 50)
        .await
        .unwrap()
}

fn references(page: &SessionPage) -> Vec<String> {
    page.rows.iter().map(|row| row.reference.clone()).collect()
}

fn names(sessions: &[&Session]) -> BTreeSet<String> {
    sessions
        .iter()
        .map(|session| reference(session.id))
        .collect()
}

#[track_caller]
fn assert_found(page: &SessionPage, expected: &[&Session], what: &str) {
    let found: BTreeSet<_> = references(page).into_iter().collect();
    assert_eq!(found, names(expected), "{what}");
    assert_eq!(page.rows.len(), expected.len(), "{what}");
}

/// The list and the count.
async fn assert_all(world: &World, question: &SessionQuestion, expected: &[&Session], what: &str) {
    assert_found(&first(world, question).await, expected, what);
    let counted = world.record.count_sessions(question).await.unwrap();
    let count = i64::try_from(expected.len()).unwrap();
    let expected = Counted {
        count,
        or_more: false,
    };
    assert_eq!(counted, expected, "{what}");
}

/// Follows the cursors as links would: through text.
async fn all_pages(world: &World, question: &SessionQuestion, size: usize) -> Vec<SessionPage> {
    let mut pages: Vec<SessionPage> = Vec::new();
    loop {
        let cursor = pages
            .last()
            .map(|page| page.older.as_ref().unwrap().to_string());
        let cursor = cursor.map(|text| SessionCursor::parse(&text).unwrap());
        let page = world
            .record
            .search_sessions(question, cursor.as_ref(), size);
        let page = page.await.unwrap();
        let last = page.older.is_none();
        pages.push(page);
        if last {
            return pages;
        }
        assert!(pages.len() < 100);
    }
}

async fn begin_with(world: &World, name: &str, address: &str, user_agent: &str) -> Session {
    let session = Session {
        address: address.to_owned(),
        user_agent: user_agent.to_owned(),
        ..world.new_session(name)
    };
    let done = world.record.begin_session(&session).await.unwrap();
    assert!(matches!(done, SignIn::Begun { .. }));
    session
}

async fn pages_of_one_moment_lose_and_repeat_nothing(on: Backend) {
    let world = World::peopled(on).await;
    let mut all = BTreeSet::new();
    for place in 0..23 {
        let name = if place % 3 == 0 { "bob" } else { "alice" };
        all.insert(reference(world.begin(name).await.id));
        // Runs of sessions that began in the same millisecond.
        if place % 7 == 6 {
            world.pass(1);
        }
    }
    let both_people = SessionQuestion {
        q: "192.0.2.9".to_owned(),
        ..SessionQuestion::live(world.now())
    };
    for question in [any(&world), SessionQuestion::live(world.now()), both_people] {
        for size in [1, 4, 22, 23, 50] {
            let pages = all_pages(&world, &question, size).await;
            let found: Vec<_> = pages.iter().flat_map(references).collect();
            assert_eq!(
                found.iter().cloned().collect::<BTreeSet<_>>(),
                all,
                "{size}"
            );
            assert_eq!(found.len(), all.len(), "{size}");
            let began: Vec<_> = pages
                .iter()
                .flat_map(|page| page.rows.iter().map(|row| row.session.began))
                .collect();
            assert!(began.is_sorted_by(|one, next| one >= next), "{size}");
            assert!(
                pages
                    .iter()
                    .all(|page| page.rows.len() <= size && !page.stopped_early)
            );
        }
    }
    // No page is longer than the longest, and none is without a row.
    let page = world
        .record
        .search_sessions(&any(&world), None, 0)
        .await
        .unwrap();
    assert_eq!(page.rows.len(), 1);
}

async fn pages_go_back_as_they_came(on: Backend) {
    let world = World::peopled(on).await;
    for _ in 0..11 {
        world.begin("alice").await;
        world.begin("bob").await;
        world.pass(1);
    }
    let question = any(&world);
    let pages = all_pages(&world, &question, 5).await;
    assert_eq!(pages.len(), 5);
    assert_eq!(pages[0].newer, None);
    for place in (1..pages.len()).rev() {
        let newer = pages[place].newer.as_ref();
        let page = world
            .record
            .search_sessions(&question, newer, 5)
            .await
            .unwrap();
        assert_eq!(references(&page), references(&pages[place - 1]), "{place}");
        let older = page.older.as_ref();
        let again = world
            .record
            .search_sessions(&question, older, 5)
            .await
            .unwrap();
        assert_eq!(references(&again), references(&pages[place]), "{place}");
    }
    // Newer than the newest is the first page, with what came meanwhile.
    let newest = world.begin("bob").await;
    let newer = pages[1].newer.as_ref();
    let page = world
        .record
        .search_sessions(&question, newer, 50)
        .await
        .unwrap();
    assert_eq!((page.rows.len(), page.newer), (23, None));
    assert_eq!(page.rows[0].session.id, newest.id);
}

/// What is typed, and which of the four sessions it finds.
const TYPED: &[(&str, &str)] = &[
    ("", "1234"),
    ("ali", "1"),
    ("ALICE", "1"),
    ("alice@example.com", "1"),
    ("lice", ""),
    ("ångström", "2"),
    ("A\u{30a}NGSTRO\u{308}M de", "2"),
    ("vries", "2"),
    ("c.dev", "2"),
    ("  carla ", "2"),
    ("192.0.2.200", "1"),
    ("192.0.2", "1"),
    ("192.0.2.0/24", "1"),
    ("192.0.", "12"),
    ("192.0.0.0/17", "12"),
    ("192.0.64.0/18", "2"),
    ("0.0.0.0/0", "12"),
    ("193.0.", ""),
    ("2001:db8:1:ff::1", "3"),
    ("2001:db8", "3"),
    ("2001:db8::/29", "3"),
    ("firefox", "1"),
    ("Linux", "1"),
    ("android chrome", "23"),
    ("firefox android", ""),
    ("unknown", "4"),
    // Of several kinds: all that any of them finds.
    ("example", "134"),
];

async fn four(on: Backend) -> (World, [Session; 4]) {
    let world = World::peopled(on).await;
    let carla = User {
        username: "Carla".to_owned(),
        profile: Profile {
            name: Some("Ångström  de Vries".to_owned()),
            email: Some("c.devries@example.org".to_owned()),
            ..Profile::default()
        },
        ..user("carla")
    };
    world.record.insert_user(&carla).await.unwrap();
    let sessions = [
        begin_with(&world, "alice", "192.0.2.0/24", FIREFOX).await,
        begin_with(&world, "carla", "192.0.77.0/24", CHROME).await,
        begin_with(&world, "bob", "2001:db8:1::/48", CHROME).await,
        begin_with(&world, "bob", "", "").await,
    ];
    (world, sessions)
}

async fn what_is_typed_finds_people_addresses_browsers_and_references(on: Backend) {
    let (world, sessions) = four(on).await;
    for (q, expected) in TYPED {
        let expected: Vec<_> = ('1'..='4')
            .zip(&sessions)
            .filter(|(digit, _)| expected.contains(*digit))
            .map(|(_, session)| session)
            .collect();
        assert_all(&world, &typed(&world, q), &expected, q).await;
    }
    let name = reference(sessions[1].id);
    for q in [name.clone(), format!(" {} ", name.to_lowercase())] {
        assert_all(&world, &typed(&world, &q), &[&sessions[1]], &q).await;
    }
    let wide = first(&world, &typed(&world, "2000::/3")).await;
    assert!(wide.rows.is_empty() && wide.range_too_wide);
}

/// Two of alice's, of which the first began ten seconds earlier; one of bob's that joined the shop
/// twice, and one that ended.
async fn joined(on: Backend) -> (World, [Session; 4]) {
    let world = World::peopled(on).await;
    let old = begin_with(&world, "alice", "192.0.2.0/24", FIREFOX).await;
    world.join(&old, "wiki").await;
    world.pass(10);
    let young = begin_with(&world, "alice", "192.0.2.0/24", CHROME).await;
    world.join(&young, "shop").await;
    let bob = begin_with(&world, "bob", "198.51.100.0/24", FIREFOX).await;
    world.join(&bob, "shop").await;
    let at_shop = Selection::ClientInSession(bob.id, ClientId::new("shop"));
    world.end(at_shop, Reason::User).await;
    world.join_asked(&bob, "shop").await;
    world.pass(10);
    let over = begin_with(&world, "bob", "192.0.2.0/24", FIREFOX).await;
    world.end(Selection::Session(over.id), Reason::Admin).await;
    (world, [old, young, bob, over])
}

/// User, client and text; empty for any.
fn of(question: &SessionQuestion, [user, client, q]: [&str; 3]) -> SessionQuestion {
    let given = |text: &&str| !text.is_empty();
    SessionQuestion {
        user: Some(user).filter(given).map(user_id),
        client: Some(client).filter(given).map(ClientId::new),
        q: q.to_owned(),
        ..question.clone()
    }
}

async fn conditions_are_joined(on: Backend) {
    let (world, [old, young, bob, over]) = joined(on).await;
    let live = SessionQuestion::live(world.now());
    let all = any(&world);
    let ended = SessionQuestion {
        state: SessionState::Ended,
        ..all.clone()
    };
    for (question, expected) in [
        (live.clone(), vec![&old, &young, &bob]),
        (ended.clone(), vec![&over]),
        (all.clone(), vec![&old, &young, &bob, &over]),
        (of(&live, ["alice", "", ""]), vec![&old, &young]),
        (of(&ended, ["bob", "", ""]), vec![&over]),
        // Also where its part ended; once where it joined twice.
        (of(&live, ["", "shop", ""]), vec![&young, &bob]),
        (of(&live, ["alice", "shop", ""]), vec![&young]),
        (of(&live, ["", "shop", "firefox"]), vec![&bob]),
        (of(&live, ["alice", "", "chrome"]), vec![&young]),
        (of(&all, ["bob", "", "192.0.2.1"]), vec![&over]),
        (of(&all, ["", "blog", ""]), vec![]),
        (of(&all, ["bob", "", "alice"]), vec![]),
    ] {
        assert_all(&world, &question, &expected, &format!("{question:?}")).await;
    }
    let between = |since, before| SessionQuestion {
        since,
        before,
        ..all.clone()
    };
    for (question, expected) in [
        (between(Some(young.began), None), vec![&young, &bob, &over]),
        (between(None, Some(young.began)), vec![&old]),
        (
            between(Some(young.began), Some(over.began)),
            vec![&young, &bob],
        ),
        (
            between(Some(over.began + Duration::from_secs(1)), None),
            vec![],
        ),
    ] {
        assert_all(&world, &question, &expected, &format!("{question:?}")).await;
    }
    // What ran out and was not ended yet does not live.
    let later = SessionQuestion::live(world.now() + Duration::from_hours(3));
    assert_all(&world, &later, &[], "ran out").await;
}

async fn a_page_stays_true_while_sessions_end_and_begin(on: Backend) {
    let world = World::peopled(on).await;
    let mut sessions = Vec::new();
    for _ in 0..9 {
        sessions.push(world.begin("alice").await);
        world.pass(1);
    }
    sessions.reverse();
    let question = SessionQuestion::live(world.now());
    let page = world
        .record
        .search_sessions(&question, None, 3)
        .await
        .unwrap();
    assert_found(&page, &sessions.iter().take(3).collect::<Vec<_>>(), "first");
    // The one at the cursor ends, one after it ends, one begins.
    for place in [2, 4] {
        let ended = Selection::Session(sessions[place].id);
        world.end(ended, Reason::User).await;
    }
    world.begin("bob").await;
    let next = world
        .record
        .search_sessions(&question, page.older.as_ref(), 3)
        .await
        .unwrap();
    assert_found(&next, &[&sessions[3], &sessions[5], &sessions[6]], "next");
    let back = world
        .record
        .search_sessions(&question, next.newer.as_ref(), 3)
        .await
        .unwrap();
    // The newest three are one page of their own.
    assert_eq!(back.rows.len(), 3);
    assert!(
        back.rows
            .iter()
            .all(|row| row.session.began > sessions[2].began)
    );
}

async fn hostile_text_is_text(on: Backend) {
    let world = World::peopled(on).await;
    for (id, name) in [("percent", "100%_\\'\"; DROP"), ("comma", "a,b)'--")] {
        let odd = User {
            username: name.to_owned(),
            profile: Profile::default(),
            ..user(id)
        };
        world.record.insert_user(&odd).await.unwrap();
        world.begin(id).await;
    }
    world.begin("alice").await;
    for (q, expected) in [
        ("100%_\\'\"; DROP", 1),
        ("100%_\\", 1),
        ("a,b)'--", 1),
        ("%", 0),
        ("_", 0),
        ("\\", 0),
        ("'", 0),
        ("alice\0", 0),
        ("\0", 0),
        ("192.0.2.%", 0),
        ("test%", 0),
        ("$1", 0),
        ("\u{10ffff}", 0),
    ] {
        let page = first(&world, &typed(&world, q)).await;
        assert_eq!(page.rows.len(), expected, "{q:?}");
    }
    let long = "x".repeat(100_000);
    assert!(first(&world, &typed(&world, &long)).await.rows.is_empty());
    for (user, client) in [
        (Some("a\0"), None),
        (None, Some("\0")),
        (Some("' OR 1=1"), None),
    ] {
        let question = SessionQuestion {
            user: user.map(lanyard::entropy::UserId::new),
            client: client.map(ClientId::new),
            ..any(&world)
        };
        assert!(
            first(&world, &question).await.rows.is_empty(),
            "{question:?}"
        );
        assert_eq!(
            world.record.count_sessions(&question).await.unwrap(),
            Counted::default()
        );
    }
}

async fn a_search_among_many_that_do_not_match_goes_on_from_its_cursor(on: Backend) {
    let world = World::peopled(on).await;
    let wanted = begin_with(&world, "bob", "192.0.2.0/24", FIREFOX).await;
    world.join(&wanted, "wiki").await;
    world.pass(10_000);
    let template = begin_with(&world, "alice", "192.0.2.0/24", FIREFOX).await;
    // Many at the wiki on another browser, and many on this browser that are not at the wiki: no
    // condition is narrow, and only the oldest session meets both. No reference begins like theirs.
    for (from, term) in [(0, "client:wiki"), (3_000, "device:Firefox on Linux")] {
        world
            .run(&format!(
                "INSERT INTO session_terms (term, began_at, reference) \
                 WITH RECURSIVE n (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n \
                 WHERE i < {from} + 2999) \
                 SELECT '{term}', {} + i, '#' || i FROM n",
                template.began.as_millis()
            ))
            .await;
    }
    world
        .run(&format!(
            "INSERT INTO sessions (id, reference, user_id, began_at, auth_time, acr, amr, \
             last_seen_at, idle_timeout, expires_at, deadline_at, remembered, secret, address, \
             user_agent) SELECT 'x' || t.reference, t.reference, user_id, t.began_at, auth_time, \
             acr, amr, last_seen_at, idle_timeout, expires_at, deadline_at, remembered, secret, \
             address, user_agent FROM session_terms t, sessions s WHERE s.reference = '{}' \
             AND t.reference LIKE '#%'",
            reference(template.id)
        ))
        .await;
    let question = SessionQuestion {
        client: Some(ClientId::new("wiki")),
        ..typed(&world, "firefox")
    };
    let page = first(&world, &question).await;
    assert!(page.rows.is_empty() && page.stopped_early, "{page:?}");
    // Counting stops, too: what it did not look at may be more.
    let counted = world.record.count_sessions(&question).await.unwrap();
    assert!(counted.or_more && counted.count == 0, "{counted:?}");
    let mut next = page;
    for _ in 0..5 {
        if next.rows.is_empty() {
            let record = &world.record;
            let page = record.search_sessions(&question, next.older.as_ref(), 50);
            next = page.await.unwrap();
        }
    }
    assert_found(&next, &[&wanted], "further on");
    assert_eq!((next.older, next.stopped_early), (None, false));
}

async fn lines_say_which_apps_can_be_told(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let gone = client("gone", None);
    world.record.insert_client(&gone).await.unwrap();
    for client in ["wiki", "blog", "gone"] {
        world.join(&session, client).await;
        world.pass(1);
    }
    world.lose_client("gone").await;
    let page = first(&world, &any(&world)).await;
    let [row] = &page.rows[..] else {
        panic!("{page:?}")
    };
    let parts: Vec<_> = row
        .participants
        .iter()
        .map(|part| (part.client_name.as_str(), part.can_be_told))
        .collect();
    assert_eq!(
        parts,
        [("The wiki", true), ("The blog", false), ("gone", false)]
    );
    assert_eq!(
        (row.username.as_str(), row.display_name.as_str()),
        ("alice", "alice Example")
    );
    assert_eq!(row.session.id, session.id);
}

async fn sessions_and_people_of_before_are_found(on: Backend) {
    let world = World::peopled(on).await;
    let session = begin_with(&world, "alice", "192.0.2.0/24", FIREFOX).await;
    for sql in [
        "DELETE FROM session_terms",
        "DELETE FROM person_names",
        "DELETE FROM meta WHERE name = 'search_words_filled'",
    ] {
        world.run(sql).await;
    }
    for q in ["alice", "firefox", "192.0.2.1"] {
        assert_found(&first(&world, &typed(&world, q)).await, &[], q);
    }
    assert_eq!(world.record.migrate().await.unwrap(), 0);
    for q in ["alice", "firefox", "192.0.2.1"] {
        assert_found(&first(&world, &typed(&world, q)).await, &[&session], q);
    }
}

async fn names_that_begin_alike_have_a_limit(on: Backend) {
    let world = World::peopled(on).await;
    for place in 0..60 {
        let name = format!("zoe{place:02}");
        world.record.insert_user(&user(&name)).await.unwrap();
        world.begin(&name).await;
    }
    let page = first(&world, &typed(&world, "zoe")).await;
    assert!(page.too_many_people);
    assert_eq!(page.rows.len(), 30);
    let page = first(&world, &typed(&world, "zoe1")).await;
    assert!(!page.too_many_people);
    assert_eq!(page.rows.len(), 10);
}
