//! Ends of everything, of all that a client has, and of what matches a question.

use std::time::Duration;

use lanyard::entropy::{ClientId, SessionId, Sid};
use lanyard::session::ending::{Actor, Reason, Selection, Verb};
use lanyard::session::session::Session;
use lanyard::store::record::{
    EndKind, Join, MassCounts, MassEnd, MassOrder, MassScope, Renewed, SessionQuestion,
};

use super::{Backend, World, both, joining, user_id};

both!(
    everything_is_over_before_its_rows_say_so,
    nothing_gets_into_what_is_over,
    what_begins_later_goes_on,
    a_name_ends_once,
    its_rows_are_worked_off_and_each_app_is_told_once,
    a_row_that_came_late_is_found,
    all_of_a_client_is_over_and_the_sessions_go_on,
    a_client_comes_back_before_its_old_part_is_worked_off,
    of_a_person_few_sessions_end_at_once_and_very_many_by_one_entry,
    a_person_who_is_spared_nothing_is_named_to_the_last_apps,
    of_a_person_who_is_back_no_app_is_told_the_name,
    a_logout_leaves_offline_access_and_a_revocation_does_not,
    what_matches_a_question_ends_page_by_page,
    of_two_nodes_with_one_page_the_second_does_nothing,
    a_dry_run_counts_and_ends_nothing,
    an_idle_session_and_a_weak_one_are_found,
);

fn order(world: &World, scope: MassScope, spared: Option<&Session>) -> MassOrder {
    MassOrder {
        id: world.record.mass_id(),
        scope,
        spared: spared.map(|session| session.id),
        reason: Reason::Admin,
        verb: Verb::Revoke,
        actor: Actor::CommandLine,
        note: Some("a stolen backup".to_owned()),
        expected: 2,
        now: world.now(),
    }
}

async fn begin(world: &World, scope: MassScope, spared: Option<&Session>) -> MassEnd {
    let order = order(world, scope, spared);
    world.record.begin_mass_end(&order).await.unwrap()
}

/// When and why a session ended, as whoever judges it is told.
async fn over(world: &World, session: SessionId) -> Option<Reason> {
    let snapshot = world.record.load_session(session).await.unwrap().unwrap();
    snapshot.ended.map(|(_, reason)| reason)
}

async fn work_off(world: &World, id: &str) -> usize {
    let mut ended = 0;
    loop {
        let batch = world.record.mass_batch(id).await.unwrap();
        ended += batch.ended.fresh;
        if !batch.more {
            return ended;
        }
    }
}

/// Live parts of a session, and those that ended.
async fn parts(world: &World, session: &Session) -> (Vec<String>, Vec<Sid>) {
    let snapshot = world
        .record
        .load_session(session.id)
        .await
        .unwrap()
        .unwrap();
    let live = snapshot.participants.iter();
    let live = live.map(|part| part.client.to_string()).collect();
    let ended = snapshot.ended_participants.into_iter();
    (live, ended.map(|(_, sid)| sid).collect())
}

async fn everything_is_over_before_its_rows_say_so(on: Backend) {
    let world = World::peopled(on).await;
    let (alice, bob) = (world.begin("alice").await, world.begin("bob").await);
    world.join(&alice, "wiki").await;
    let mona = world.begin("bob").await;
    let head = world.record.ends_head().await.unwrap();
    let end = begin(&world, MassScope::Everything, Some(&mona)).await;
    let log = world.record.ends_since(head, 10).await.unwrap();
    assert_eq!(log.len(), 1, "one entry");
    assert_eq!(log[0].kind, EndKind::Mass(end.id.clone()));
    assert_eq!(end.position, Some(log[0].position));
    assert_eq!(world.record.mass_position().await.unwrap(), log[0].position);
    let marked = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL";
    assert_eq!(world.count(marked).await, 0, "no row was written");
    for session in [&alice, &bob] {
        assert_eq!(over(&world, session.id).await, Some(Reason::Admin));
    }
    assert_eq!(over(&world, mona.id).await, None, "spared");
}

async fn nothing_gets_into_what_is_over(on: Backend) {
    let world = World::peopled(on).await;
    let alice = world.begin("alice").await;
    let sid = world.join(&alice, "wiki").await;
    begin(&world, MassScope::Everything, None).await;
    for client in ["wiki", "shop"] {
        let sid = Sid::random(&world.entropy);
        let joining = joining(alice.id, &ClientId::new(client), sid, world.now());
        assert_eq!(world.record.join(joining).await.unwrap(), Join::Ended);
    }
    let renewed = world.record.renew_session(&alice, None).await.unwrap();
    assert_eq!(renewed, Renewed::Ended);
    let mut grant = world.new_grant(&alice, "wiki", &sid);
    grant.offline = true;
    assert!(!world.record.insert_offline_grant(&grant).await.unwrap());
}

async fn what_begins_later_goes_on(on: Backend) {
    let world = World::peopled(on).await;
    world.begin("alice").await;
    let end = begin(&world, MassScope::Everything, None).await;
    let later = world.begin("alice").await;
    world.join(&later, "wiki").await;
    assert_eq!(over(&world, later.id).await, None);
    assert_eq!(work_off(&world, &end.id).await, 1);
    assert_eq!(over(&world, later.id).await, None);
    assert_eq!(parts(&world, &later).await.0, ["wiki"]);
}

async fn a_name_ends_once(on: Backend) {
    let world = World::peopled(on).await;
    world.begin("alice").await;
    let order = order(&world, MassScope::Everything, None);
    let first = world.record.begin_mass_end(&order).await.unwrap();
    let later = world.begin("alice").await;
    let again = world.record.begin_mass_end(&order).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(over(&world, later.id).await, None);
    let lines = world.record.recent_audit(10).await.unwrap();
    let lines: Vec<_> = lines
        .iter()
        .filter(|line| line.action == "everything.end_sessions")
        .collect();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].note(), Some("a stolen backup"));
}

async fn its_rows_are_worked_off_and_each_app_is_told_once(on: Backend) {
    let world = World::peopled(on).await;
    // More than two batches, and none of one time.
    for _ in 0..1_050 {
        let session = world.begin("alice").await;
        world.clock.advance(Duration::from_millis(1));
        if world.now().as_millis() % 10 == 0 {
            world.join(&session, "wiki").await;
            world.join(&session, "blog").await;
        }
    }
    let end = begin(&world, MassScope::Everything, None).await;
    assert_eq!(work_off(&world, &end.id).await, 1_050);
    let alive = "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL";
    assert_eq!(world.count(alive).await, 0);
    let open = "SELECT COUNT(*) FROM participants WHERE ended_at IS NULL";
    assert_eq!(world.count(open).await, 0);
    let progress = world.record.mass_progress(&end.id).await.unwrap().unwrap();
    assert_eq!((progress.end.ended, progress.end.notices), (1_050, 105));
    assert_eq!((progress.waiting, progress.delivered), (105, 0));
    let with_sub = "SELECT COUNT(*) FROM notices WHERE include_sub = 1";
    assert_eq!(world.count(with_sub).await, 0);
    assert_eq!(world.record.open_mass_ends().await.unwrap().len(), 1);
    world.pass(30);
    work_off(&world, &end.id).await;
    assert_eq!(world.record.open_mass_ends().await.unwrap(), []);
    let mut told = world.record.recent_audit(10).await.unwrap();
    let begun = told
        .iter()
        .find(|line| line.action == "everything.end_sessions");
    let begun = begun.and_then(|line| line.detail.clone()).unwrap();
    assert!(
        begun.starts_with("revoke, about 2 to end, mass end "),
        "{begun}"
    );
    let finished = told.remove(0);
    assert_eq!(finished.action, "mass_end.finished");
    assert!(
        finished
            .detail
            .unwrap()
            .starts_with("1050 ended, 105 notices")
    );
}

async fn a_row_that_came_late_is_found(on: Backend) {
    let world = World::peopled(on).await;
    world.begin("alice").await;
    world.pass(60);
    let end = begin(&world, MassScope::Everything, None).await;
    assert_eq!(work_off(&world, &end.id).await, 1);
    // Its transaction began before the end and was committed after the last look.
    let late = world.begin("bob").await;
    world
        .run(
            "UPDATE sessions SET began_position = 0, began_at = began_at - 30000 \
             WHERE ended_at IS NULL",
        )
        .await;
    assert_eq!(over(&world, late.id).await, Some(Reason::Admin));
    assert_eq!(work_off(&world, &end.id).await, 1);
    assert_eq!(world.record.open_mass_ends().await.unwrap().len(), 1);
    world.pass(30);
    work_off(&world, &end.id).await;
    assert_eq!(world.record.open_mass_ends().await.unwrap(), []);
}

fn wiki() -> MassScope {
    MassScope::Client(ClientId::new("wiki"))
}

async fn all_of_a_client_is_over_and_the_sessions_go_on(on: Backend) {
    let world = World::peopled(on).await;
    let (alice, bob) = (world.begin("alice").await, world.begin("bob").await);
    let sid = world.join(&alice, "wiki").await;
    world.join(&alice, "shop").await;
    world.join(&bob, "wiki").await;
    let bound = world.new_grant(&alice, "wiki", &sid);
    world.record.save_grants(&[bound]).await.unwrap();
    let uncounted = MassOrder {
        expected: 0,
        ..order(&world, wiki(), Some(&bob))
    };
    let end = world.record.begin_mass_end(&uncounted).await.unwrap();
    let begun = world.record.recent_audit(1).await.unwrap().remove(0);
    let detail = format!("revoke, mass end {}", end.id);
    assert!(
        begun.detail.unwrap().starts_with(&detail),
        "no number that nobody counted"
    );
    for worked_off in [false, true] {
        if worked_off {
            assert_eq!(work_off(&world, &end.id).await, 1);
        }
        assert_eq!(over(&world, alice.id).await, None);
        let (live, ended) = parts(&world, &alice).await;
        assert_eq!((live, ended), (vec!["shop".to_owned()], vec![sid.clone()]));
        let snapshot = world.record.load_session(alice.id).await.unwrap().unwrap();
        assert!(snapshot.grants.is_empty());
        assert_eq!(parts(&world, &bob).await.0, ["wiki"], "spared");
    }
    let progress = world.record.mass_progress(&end.id).await.unwrap().unwrap();
    assert_eq!((progress.end.notices, progress.waiting), (1, 1));
}

async fn a_client_comes_back_before_its_old_part_is_worked_off(on: Backend) {
    let world = World::peopled(on).await;
    let alice = world.begin("alice").await;
    let old = world.join(&alice, "wiki").await;
    let end = begin(&world, wiki(), None).await;
    let new = world.join_asked(&alice, "wiki").await;
    assert_ne!(old, new, "a name for a session is never used again");
    let owed = "SELECT COUNT(*) FROM notices";
    assert_eq!(world.count(owed).await, 1, "the old part is told");
    work_off(&world, &end.id).await;
    let (live, ended) = parts(&world, &alice).await;
    assert_eq!((live, ended), (vec!["wiki".to_owned()], vec![old]));
    assert_eq!(world.count(owed).await, 1);
}

fn all_of(person: &str) -> MassScope {
    MassScope::Person(user_id(person))
}

/// Sessions of a person that are still ended before the answer.
const AT_ONCE: usize = 500;

async fn of_a_person_few_sessions_end_at_once_and_very_many_by_one_entry(on: Backend) {
    for (more, mass) in [(0, false), (1, true)] {
        let world = World::peopled(on).await;
        let here = world.begin("alice").await;
        let first = world.begin("alice").await;
        world.join(&first, "wiki").await;
        world.copies(&first, AT_ONCE - 1 + more).await;
        let bob = world.begin("bob").await;
        let head = world.record.ends_head().await.unwrap();
        let but_here = Selection::Person {
            user: user_id("alice"),
            except: Some(here.id),
        };
        let ended = world.end(but_here, Reason::CredentialChange).await;
        assert_eq!(ended.fresh, AT_ONCE + more);
        assert_eq!(ended.mass.is_some(), mass);
        let log = world.record.ends_since(head, 1_000).await.unwrap();
        assert_eq!(log.len(), if mass { 1 } else { AT_ONCE });
        let reason = Some(Reason::CredentialChange);
        assert_eq!(over(&world, first.id).await, reason);
        for other in [&here, &bob] {
            assert_eq!(over(&world, other.id).await, None);
        }
        let now = world.now();
        let listed = world.record.sessions_of(&user_id("alice"), now).await;
        assert_eq!(listed.unwrap().len(), 1, "what is over is not listed");
        let line = world.record.recent_audit(1).await.unwrap().remove(0);
        assert_eq!(
            (&*line.action, &*line.target),
            ("person.end_sessions", "u_alice")
        );
        if let Some(id) = ended.mass {
            assert_eq!(work_off(&world, &id).await, AT_ONCE + more);
        }
        let notices = "SELECT COUNT(*) FROM notices WHERE include_sub = 0";
        let all = i64::try_from(AT_ONCE + more).unwrap();
        assert_eq!(world.count(notices).await, all, "not all of hers ended");
        assert_eq!(over(&world, here.id).await, None);
    }
}

async fn a_person_who_is_spared_nothing_is_named_to_the_last_apps(on: Backend) {
    let world = World::peopled(on).await;
    let first = world.begin("alice").await;
    world.join(&first, "wiki").await;
    world.copies(&first, AT_ONCE + 9).await;
    let end = begin(&world, all_of("alice"), None).await;
    work_off(&world, &end.id).await;
    let named = "SELECT COUNT(*) FROM notices WHERE include_sub = 1";
    assert_eq!(world.count(named).await, 10, "those of the last batch");
    let all = i64::try_from(AT_ONCE + 10).unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM notices").await, all);
}

/// A client library ends every session of a person on seeing `sub`, the new one too.
async fn of_a_person_who_is_back_no_app_is_told_the_name(on: Backend) {
    let world = World::peopled(on).await;
    let first = world.begin("alice").await;
    world.join(&first, "wiki").await;
    let end = begin(&world, all_of("alice"), None).await;
    let back = world.begin("alice").await;
    assert_eq!(work_off(&world, &end.id).await, 1);
    assert_eq!(over(&world, back.id).await, None);
    let named = "SELECT COUNT(*) FROM notices WHERE include_sub = 1";
    assert_eq!(world.count(named).await, 0);
}

async fn a_logout_leaves_offline_access_and_a_revocation_does_not(on: Backend) {
    for (verb, left) in [(Verb::Logout, 1), (Verb::Revoke, 0)] {
        for scope in [wiki(), all_of("alice"), MassScope::Everything] {
            let world = World::peopled(on).await;
            let of_bob = world.begin("bob").await;
            let sid = world.join(&of_bob, "shop").await;
            let mut grant_of_bob = world.new_grant(&of_bob, "shop", &sid);
            grant_of_bob.offline = true;
            assert!(
                world
                    .record
                    .insert_offline_grant(&grant_of_bob)
                    .await
                    .unwrap()
            );
            let kept = i64::from(scope != MassScope::Everything || left == 1);
            let alice = world.begin("alice").await;
            let sid = world.join(&alice, "wiki").await;
            let mut grant = world.new_grant(&alice, "wiki", &sid);
            grant.offline = true;
            assert!(world.record.insert_offline_grant(&grant).await.unwrap());
            let order = MassOrder {
                verb,
                ..order(&world, scope, None)
            };
            let end = world.record.begin_mass_end(&order).await.unwrap();
            for worked_off in [false, true] {
                if worked_off {
                    work_off(&world, &end.id).await;
                }
                let (_, ended) = world.record.grant(&grant.id).await.unwrap().unwrap();
                assert_eq!(ended, left == 0, "{verb:?} {worked_off}");
            }
            let live = "SELECT COUNT(*) FROM grants WHERE ended_at IS NULL";
            assert_eq!(world.count(live).await, left + kept);
        }
    }
}

fn of_alice(world: &World) -> MassScope {
    MassScope::Question(Box::new(SessionQuestion {
        user: Some(user_id("alice")),
        ..SessionQuestion::live(world.now())
    }))
}

async fn what_matches_a_question_ends_page_by_page(on: Backend) {
    let world = World::peopled(on).await;
    for _ in 0..450 {
        world.begin("alice").await;
    }
    let spared = world.begin("alice").await;
    world.join(&spared, "wiki").await;
    let bob = world.begin("bob").await;
    let mut end = begin(&world, of_alice(&world), Some(&spared)).await;
    assert_eq!(end.position, None);
    let head = world.record.ends_head().await.unwrap();
    let mut pages = 0;
    loop {
        let batch = world.record.mass_question_batch(&end).await.unwrap();
        pages += 1;
        end = world
            .record
            .mass_progress(&end.id)
            .await
            .unwrap()
            .unwrap()
            .end;
        if !batch.more {
            break;
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(end.ended, 450);
    assert!(end.finished.is_some());
    assert_eq!(world.record.ends_head().await.unwrap(), head + 450);
    for left in [&spared, &bob] {
        assert_eq!(over(&world, left.id).await, None);
    }
}

async fn of_two_nodes_with_one_page_the_second_does_nothing(on: Backend) {
    let world = World::peopled(on).await;
    for _ in 0..250 {
        world.begin("alice").await;
    }
    let end = begin(&world, of_alice(&world), None).await;
    let first = world.record.mass_question_batch(&end).await.unwrap();
    let second = world.again().await.mass_question_batch(&end).await.unwrap();
    assert_eq!((first.ended.fresh, first.more), (200, true));
    assert_eq!((second.ended.fresh, second.more), (0, false));
    assert_eq!(world.record.open_mass_ends().await.unwrap()[0].ended, 200);
}

async fn a_dry_run_counts_and_ends_nothing(on: Backend) {
    let world = World::peopled(on).await;
    let alice = world.begin("alice").await;
    for client in ["wiki", "shop", "blog"] {
        world.join(&alice, client).await;
    }
    let phone = world.begin("alice").await;
    world.join(&phone, "wiki").await;
    let bob = world.begin("bob").await;
    world.join(&bob, "blog").await;
    let count = async |scope, spared: Option<&Session>| {
        let spared = spared.map(|session| session.id);
        let counts = world.record.plan_mass_end(&scope, spared, world.now());
        counts.await.unwrap()
    };
    let all = MassCounts {
        people: 2,
        sessions: 3,
        apps: 3,
        notices: 3,
        untold: 2,
        unclear: false,
    };
    assert_eq!(count(MassScope::Everything, None).await, all);
    let but_bob = MassCounts {
        people: 1,
        sessions: 2,
        apps: 3,
        notices: 3,
        untold: 1,
        unclear: false,
    };
    assert_eq!(count(MassScope::Everything, Some(&bob)).await, but_bob);
    assert_eq!(count(of_alice(&world), None).await, but_bob);
    let at_wiki = MassCounts {
        people: 1,
        sessions: 2,
        apps: 1,
        notices: 2,
        untold: 0,
        unclear: false,
    };
    assert_eq!(count(wiki(), None).await, at_wiki);
    assert_eq!(world.record.ends_head().await.unwrap(), 0);
    assert_eq!(world.record.open_mass_ends().await.unwrap(), []);
}

async fn an_idle_session_and_a_weak_one_are_found(on: Backend) {
    let world = World::peopled(on).await;
    let idle = world.begin("alice").await;
    let weak = {
        let mut session = world.new_session("bob");
        session.acr = "urn:example:guest".to_owned();
        world.record.begin_session(&session).await.unwrap();
        session
    };
    let now = world.pass(3_600);
    world.record.touch(&[(weak.id, now)]).await.unwrap();
    let found = async |question: SessionQuestion| {
        let page = world.record.search_sessions(&question, None, 10);
        let rows = page.await.unwrap().rows;
        rows.iter().map(|row| row.session.id).collect::<Vec<_>>()
    };
    let live = SessionQuestion::live(now);
    let long_idle = SessionQuestion {
        idle_since: Some(now - Duration::from_mins(30)),
        ..live.clone()
    };
    assert_eq!(found(long_idle).await, [idle.id]);
    let below = |acr: &str| SessionQuestion {
        acr_below: Some(acr.to_owned()),
        ..live.clone()
    };
    assert_eq!(found(below("urn:lanyard:acr:pwd")).await, [weak.id]);
    assert_eq!(found(below("urn:example:unheard-of")).await, []);
}
