//! One session's whole story.

use std::time::Duration;

use lanyard::clock::Timestamp;
use lanyard::entropy::Sid;
use lanyard::session::ending::{Actor, Reason, Selection};
use lanyard::session::session::Session;
use lanyard::store::record::{
    AuditEntry, NoticeState, PartStory, Receipt, SessionStory, reference,
};

use super::{Backend, World, both, places};

both!(
    a_story_tells_of_the_person_apps_and_grants,
    a_story_tells_of_notices_and_deeds,
    a_story_tells_of_the_last_refresh,
    a_story_of_a_thousand_deeds_tells_the_newest,
    a_story_of_nothing_is_none,
);

const LEASE: Duration = Duration::from_secs(30);

/// Alice's session with wiki, which has an `offline_access` grant, and blog, which has another;
/// and when these were last used.
async fn with_grants(on: Backend) -> (World, Session, Timestamp) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let sign_in = AuditEntry {
        at: world.now(),
        actor: "person:u_alice".to_owned(),
        action: "sign_in".to_owned(),
        target: "person:u_alice".to_owned(),
        session: Some(reference(session.id)),
        address: Some("192.0.2.7".to_owned()),
        reason: None,
        detail: None,
    };
    world.record.append_audit(&[sign_in]).await.unwrap();
    let wiki = world.join(&session, "wiki").await;
    world.pass(1);
    let blog = world.join(&session, "blog").await;
    let used = world.pass(5);
    let mut offline = world.new_grant(&session, "wiki", &wiki);
    offline.offline = true;
    world.record.insert_offline_grant(&offline).await.unwrap();
    let bound = world.new_grant(&session, "blog", &blog);
    world.record.save_grants(&[bound]).await.unwrap();
    world.pass(5);
    (world, session, used)
}

async fn a_story_tells_of_the_last_refresh(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let wiki = world.join(&session, "wiki").await;
    world.pass(1);
    let blog = world.join(&session, "blog").await;
    let name = reference(session.id);
    let refreshed = async || {
        let told = story(&world, &name).await;
        told.parts
            .iter()
            .map(|part| part.refreshed)
            .collect::<Vec<_>>()
    };
    world.record.note_refreshes(&[]).await.unwrap();
    assert_eq!(refreshed().await, [None, None]);
    let (early, late) = (world.pass(5), world.pass(5));
    let note = async |at, of: &[&Sid]| {
        let batch: Vec<_> = of.iter().map(|sid| ((*sid).clone(), at)).collect();
        world.record.note_refreshes(&batch).await.unwrap();
    };
    note(late, &[&wiki]).await;
    note(early, &[&wiki, &blog]).await;
    assert_eq!(refreshed().await, [Some(late), Some(early)]);
    // A grant may outlive its session.
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    let later = world.pass(5);
    note(later, &[&blog]).await;
    assert_eq!(refreshed().await, [Some(late), Some(later)]);
}

async fn a_story_of_a_thousand_deeds_tells_the_newest(on: Backend) {
    let world = World::peopled(on).await;
    let session = world.begin("alice").await;
    let name = reference(session.id);
    let lines: Vec<_> = (0..600)
        .map(|number| AuditEntry {
            at: world.now() + Duration::from_secs(number),
            actor: "system".to_owned(),
            action: format!("deed.{number}"),
            target: "person:u_alice".to_owned(),
            session: Some(name.clone()),
            address: None,
            reason: None,
            detail: None,
        })
        .collect();
    world.record.append_audit(&lines).await.unwrap();
    let told = story(&world, &name).await;
    assert_eq!(told.audit.len(), 500);
    assert_eq!(told.audit[0].action, "deed.100");
    assert_eq!(told.audit[499].action, "deed.599");
}

async fn story(world: &World, text: &str) -> SessionStory {
    let story = world.record.session_story(text, world.now()).await;
    story.unwrap().unwrap()
}

fn held(part: &PartStory) -> (&str, bool, i64, i64, Option<Timestamp>) {
    let PartStory {
        part,
        grants,
        offline_grants,
        last_used,
        ..
    } = part;
    let told = part.can_be_told;
    (
        &part.client_name,
        told,
        *grants,
        *offline_grants,
        *last_used,
    )
}

async fn a_story_tells_of_the_person_apps_and_grants(on: Backend) {
    let (world, session, used) = with_grants(on).await;
    let told = story(&world, &reference(session.id)).await;
    assert_eq!(told.row.session.id, session.id);
    assert_eq!(
        (told.row.username.as_str(), told.row.ended),
        ("alice", None)
    );
    assert_eq!(told.email.as_deref(), Some("alice@example.com"));
    assert!(told.person_enabled && told.notices.is_empty());
    let (wiki, blog) = ("The wiki", "The blog");
    let used = Some(used);
    let parts: Vec<_> = told.parts.iter().map(held).collect();
    assert_eq!(parts, [(wiki, true, 0, 1, used), (blog, false, 1, 0, used)]);

    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    let told = story(&world, &reference(session.id)).await;
    let over = (Some(world.now()), Some(Reason::User));
    assert_eq!((told.row.ended, told.row.reason), over);
    assert!(
        told.parts
            .iter()
            .all(|part| (part.part.ended, part.reason) == over)
    );
    // A logout leaves the grant that may be used while its person is away.
    let parts: Vec<_> = told.parts.iter().map(held).collect();
    assert_eq!(parts, [(wiki, true, 0, 1, used), (blog, false, 0, 0, None)]);
    world
        .record
        .set_enabled(&session.user, false, &Actor::System)
        .await
        .unwrap();
    assert!(!story(&world, &reference(session.id)).await.person_enabled);
}

async fn a_story_tells_of_notices_and_deeds(on: Backend) {
    let (world, session, _) = with_grants(on).await;
    world
        .end(Selection::Session(session.id), Reason::User)
        .await;
    let now = world.now();
    let until = now + LEASE;
    let leased = world
        .record
        .lease("me", now, places(10), until)
        .await
        .unwrap();
    let retry = Receipt::Retry {
        next: until,
        status: Some(503),
        problem: "busy".to_owned(),
    };
    let tried = world.pass(1);
    world
        .record
        .receipt(&leased[0].id, retry, tried)
        .await
        .unwrap();

    let typed = format!(" {} ", reference(session.id).to_lowercase());
    let told = story(&world, &typed).await;
    let [notice] = &told.notices[..] else {
        panic!("{told:?}")
    };
    assert_eq!((notice.state, notice.attempts), (NoticeState::Waiting, 1));
    assert_eq!(notice.created_at, now);
    assert_eq!(notice.last_attempt_at, Some(tried));
    assert_eq!(
        (notice.last_status, notice.next_at),
        (Some(503), Some(until))
    );
    let deeds: Vec<_> = told.audit.iter().map(|line| line.action.as_str()).collect();
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
