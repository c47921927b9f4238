//! How things stand, in numbers.

use std::time::Duration;

use lanyard::session::ending::{Reason, Selection};
use lanyard::store::record::{Receipt, RecordFigures};

use super::{Backend, START, World, both, places};

both!(
    an_empty_record_has_figures_too,
    what_lives_and_what_is_owed_is_counted,
);

async fn an_empty_record_has_figures_too(on: Backend) {
    let world = World::empty(on).await;
    let figures = world.record.figures(world.now()).await.unwrap();
    assert_eq!(figures, RecordFigures::default());
}

async fn what_lives_and_what_is_owed_is_counted(on: Backend) {
    let world = World::peopled(on).await;
    let record = &world.record;
    let (first, second) = (world.begin("alice").await, world.begin("alice").await);
    world.begin("bob").await;
    world.join(&first, "wiki").await;
    world.join(&second, "shop").await;
    let three = RecordFigures {
        sessions: 3,
        ..RecordFigures::default()
    };
    assert_eq!(record.figures(world.now()).await.unwrap(), three);

    for session in [first.id, second.id] {
        world.end(Selection::Session(session), Reason::User).await;
        world.pass(60);
    }
    let owed = RecordFigures {
        sessions: 1,
        notices_due: 2,
        notices_later: 0,
        oldest_owed: Some(START),
    };
    assert_eq!(record.figures(world.now()).await.unwrap(), owed);

    // One is told, the other is to be tried again.
    let now = world.now();
    let until = now + Duration::from_secs(30);
    let leased = record.lease("one", now, places(2), until).await.unwrap();
    let (told, put_off) = (&leased[0], &leased[1]);
    let delivered = Receipt::Delivered { status: 200 };
    record.receipt(&told.id, delivered, now).await.unwrap();
    let retry = Receipt::Retry {
        next: now + Duration::from_secs(10),
        status: None,
        problem: "it hung up".to_owned(),
    };
    record.receipt(&put_off.id, retry, now).await.unwrap();
    let later = RecordFigures {
        notices_due: 0,
        notices_later: 1,
        oldest_owed: Some(put_off.created),
        ..owed
    };
    assert_eq!(record.figures(now).await.unwrap(), later);

    // Bob was away for too long: that session lives no more, though nobody has ended it yet.
    let now = world.pass(3 * 3_600);
    assert_eq!(record.figures(now).await.unwrap().sessions, 0);
}
