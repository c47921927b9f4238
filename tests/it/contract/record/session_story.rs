//! One session's whole story, and the figures of all of them.

use std::time::Duration;

use lanyard::entropy::ClientId;
use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::{
    AuditEntry, Deliveries, LiveCount, NoticeState, Receipt, SessionStory, reference,
};

use super::{Backend, World, both, places};

both!(
    a_story_tells_of_apps_grants_notices_and_deeds,
    a_story_of_nothing_is_none,
    the_overview_counts_by_hour_reason_and_client,
    an_empty_house_has_an_overview,
);

const LEASE: Duration = Duration::from_secs(30);

fn told(world: &World, action: &str, session: Option<String>) -> AuditEntry {
    AuditEntry {
        at: world.now(),
        actor: "system".to_owned(),
        action: action.to_owned(),
        target: String::new(),
        session,
        address: Some("192.0.2.7".to_owned()),
        reason: None,
        detail: None,
    }
}

async fn story(world: &World, text: &str) -> SessionStory {
    let story = world.record.session_story(text, world.now()).await;
    story.unwrap().unwrap()
}

async fn a_story_tells_of_apps_grants_notices_and_deeds(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let name = reference(session.id);
    let sign_in = told(&world, "sign_in", Some(name.clone()));
    world.record.append_audit(&[sign_in]).await.unwrap();
    let wiki = world.join(&session, "wiki").await;
    world.pass(1);
    let blog = world.join(&session, "blog").await;
    let mut offline = world.new_grant(&session, "wiki", &wiki);
    offline.offline = true;
    offline.last_used = world.pass(5);
    world.record.insert_offline_grant(&offline).await.unwrap();
    let bound = world.new_grant(&session, "blog", &blog);
    world.record.save_grants(&[bound]).await.unwrap();

    let before = story(&world, &name).await;
    assert_eq!(
        (before.row.username.as_str(), before.row.ended),
        ("alice", None)
    );
    assert_eq!(before.email.as_deref(), Some("alice@example.com"));
    assert!(before.person_enabled && before.notices.is_empty());
    let parts: Vec<_> = before
        .parts
        .iter()
        .map(|part| {
            let name = part.part.client_name.as_str();
            (
                name,
                part.part.can_be_told,
                part.grants,
                part.offline_grants,
                part.last_used,
            )
        })
        .collect();
    let used = Some(world.now());
    assert_eq!(
        parts,
        [
            ("The wiki", true, 0, 1, used),
            ("The blog", false, 1, 0, used)
        ]
    );

    world.pass(5);
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    let now = world.now();
    let notices = world
        .record
        .lease("me", now, places(10), now + LEASE)
        .await
        .unwrap();
    let retry = Receipt::Retry {
        next: now + LEASE,
        status: Some(503),
        problem: "busy".to_owned(),
    };
    let tried = world.pass(1);
    world
        .record
        .receipt(&notices[0].id, retry, tried)
        .await
        .unwrap();

    let after = story(&world, &format!(" {} ", name.to_lowercase())).await;
    assert_eq!(
        (after.row.ended, after.row.reason),
        (Some(now), Some(Reason::User))
    );
    let parts: Vec<_> = after
        .parts
        .iter()
        .map(|part| {
            (
                part.part.ended,
                part.reason,
                part.grants,
                part.offline_grants,
            )
        })
        .collect();
    // A logout leaves the grant that may be used while its person is away.
    let over = (Some(now), Some(Reason::User));
    assert_eq!(parts, [(over.0, over.1, 0, 1), (over.0, over.1, 0, 0)]);
    let [notice] = &after.notices[..] else {
        panic!("{after:?}")
    };
    assert_eq!((notice.state, notice.attempts), (NoticeState::Waiting, 1));
    assert_eq!(
        (notice.created_at, notice.last_attempt_at),
        (now, Some(tried))
    );
    assert_eq!(
        (notice.last_status, notice.next_at),
        (Some(503), Some(now + LEASE))
    );
    let deeds: Vec<_> = after
        .audit
        .iter()
        .map(|line| line.action.as_str())
        .collect();
    assert_eq!(deeds, ["sign_in", "session.end"]);
}

async fn a_story_of_nothing_is_none(on: Backend) {
    let world = World::peopled(on).await;
    world.begin("alice").await;
    for text in [
        "",
        "AAAA-AAAA-AAAA",
        "AAAA-AAAA-AAA\0",
        "' OR ''='",
        "%",
        "____-____-____",
    ] {
        let story = world.record.session_story(text, world.now()).await.unwrap();
        assert_eq!(story, None, "{text:?}");
    }
}

async fn the_overview_counts_by_hour_reason_and_client(on: Backend) {
    let world = World::peopled(on).await;
    let old = told(&world, "sign_in", None);
    world.record.append_audit(&[old]).await.unwrap();
    // Longer ago than anything that is shown.
    let gone = world.begin("bob").await;
    world.join(&gone, "wiki").await;
    world.end(Selection::Session(gone.id), Reason::Theft).await;
    world.pass(25 * 3600);
    for (action, count) in [("sign_in", 3), ("sign_in_failed", 2), ("stale_cookie", 1)] {
        let lines = vec![told(&world, action, None); count];
        world.record.append_audit(&lines).await.unwrap();
    }
    let mut sessions = Vec::new();
    for name in ["alice", "alice", "bob", "bob"] {
        let session = world.begin(name).await;
        for client in ["wiki", "shop", "blog"] {
            world.join(&session, client).await;
        }
        sessions.push(session);
    }
    world
        .end(Selection::Session(sessions[0].id), Reason::User)
        .await;
    world
        .end(Selection::Session(sessions[1].id), Reason::Admin)
        .await;
    let shop = Selection::ClientInSession(sessions[2].id, ClientId::new("shop"));
    world.end(shop, Reason::Client).await;
    let now = world.now();
    let notices = world
        .record
        .lease("me", now, places(50), now + LEASE)
        .await
        .unwrap();
    assert_eq!(notices.len(), 6);
    let mut tried = std::collections::BTreeMap::new();
    for notice in &notices {
        let place = tried.entry(notice.client.to_string()).or_insert(0);
        let receipt = match (notice.client.as_str(), *place) {
            ("wiki", 0) => Receipt::Delivered { status: 200 },
            ("wiki", 1) => Receipt::Refused { status: 400 },
            ("shop", 0) => Receipt::GaveUp {
                status: None,
                problem: "gone".to_owned(),
            },
            _ => Receipt::Retry {
                next: now + LEASE,
                status: None,
                problem: "busy".to_owned(),
            },
        };
        *place += 1;
        world
            .record
            .receipt(&notice.id, receipt, now)
            .await
            .unwrap();
    }
    let last = world.pass(3600);

    let overview = world.record.overview(last).await.unwrap();
    assert_eq!(overview.at, last);
    assert_eq!(
        overview.live,
        LiveCount {
            sessions: 2,
            people: 1
        }
    );
    assert_eq!(overview.ends, [(Reason::User, 1), (Reason::Admin, 1)]);
    assert_eq!(overview.sign_ins.len(), 24);
    let hours: Vec<_> = overview
        .sign_ins
        .iter()
        .map(|hour| (hour.succeeded, hour.failed))
        .collect();
    assert_eq!(hours[22..], [(3, 2), (0, 0)]);
    assert!(hours[..22].iter().all(|hour| *hour == (0, 0)));
    assert!(
        overview.sign_ins[23].from <= last
            && last.since(overview.sign_ins[23].from).as_secs() < 3600
    );
    assert_eq!(overview.owed, 3);
    let oldest = notices.iter().map(|notice| notice.created).min().unwrap();
    assert!(overview.oldest_owed.is_some_and(|at| at >= oldest));
    let deliveries: Vec<_> = overview.deliveries.iter().map(figures).collect();
    assert_eq!(
        deliveries,
        [("The shop", 0, 2, 0, 1), ("The wiki", 1, 1, 1, 0)]
    );

    // What ran out is not counted before the sweeper ends it.
    let later = last + Duration::from_hours(3);
    assert_eq!(world.record.count_live(later).await.unwrap().sessions, 0);
}

fn figures(of: &Deliveries) -> (&str, i64, i64, i64, i64) {
    (
        &of.client_name,
        of.delivered,
        of.retrying,
        of.refused,
        of.gave_up,
    )
}

async fn an_empty_house_has_an_overview(on: Backend) {
    let world = World::empty(on).await;
    let overview = world.record.overview(world.now()).await.unwrap();
    assert_eq!(overview.live, LiveCount::default());
    assert_eq!((overview.owed, overview.oldest_owed), (0, None));
    assert!(overview.ends.is_empty() && overview.deliveries.is_empty());
    assert!(
        overview
            .sign_ins
            .iter()
            .all(|hour| hour.succeeded + hour.failed == 0)
    );
}
