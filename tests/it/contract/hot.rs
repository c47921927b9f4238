//! What every back end of the hot state must hold.

use lanyard::clock::Clock;
use lanyard::entropy::Root;
use lanyard::store::hot::{Effect, HotStore, Outcome, Slot};

use super::hot_words::{Bench, absent, at, delete, name, no_tombstone, present, put, tombstone};
use super::{START, hot_attempts, hot_counters, hot_races};

/// Runs the whole contract. `make` gives an empty store that follows the clock.
pub(super) async fn suite(make: impl AsyncFn(Clock) -> HotStore) {
    let bench = async || {
        let clock = Clock::manual(START);
        Bench::new(make(clock.clone()).await, clock)
    };
    checks(bench().await).await;
    all_or_nothing(bench().await).await;
    reads_answer_in_the_order_asked(bench().await).await;
    roots_are_apart(bench().await).await;
    tombstones_win(bench().await).await;
    all_documents_go_at_once(bench().await).await;
    expiry_follows_the_clock(bench().await).await;
    versions_only_rise(bench().await).await;
    round_trips_are_counted(bench().await).await;
    hot_attempts::suite(&bench).await;
    hot_counters::suite(&bench).await;
    hot_races::suite(&bench).await;
}

async fn checks(bench: Bench) {
    let setup = [
        put("found", "1", 60),
        put("ended", "1", 60),
        tombstone("ended", 60),
    ];
    bench.commits(&[], &setup).await;
    let (version, _) = bench.found("found").await;
    for (check, holds) in [
        (at("found", version), true),
        (at("found", version + 1), false),
        (at("found", version.wrapping_sub(1)), false),
        (at("found", 0), false),
        (at("ended", version), false),
        (at("ended", 0), false),
        (at("nothing", version), false),
        (at("nothing", 0), false),
        (absent("found"), false),
        (absent("ended"), false),
        (absent("nothing"), true),
        (present("found"), true),
        (present("ended"), false),
        (present("nothing"), false),
        (no_tombstone("found"), true),
        (no_tombstone("ended"), false),
        (no_tombstone("nothing"), true),
    ] {
        let expected = if holds {
            Outcome::Committed
        } else {
            Outcome::Conflict
        };
        let outcome = bench.commit(std::slice::from_ref(&check), &[]).await;
        assert_eq!(outcome, expected, "{check:?}");
        // One failing check among others is enough.
        let among = [present("found"), check.clone(), absent("nothing")];
        assert_eq!(bench.commit(&among, &[]).await, expected, "{check:?}");
    }
    assert_eq!(bench.found("found").await, (version, "1".to_owned()));
}

async fn all_or_nothing(bench: Bench) {
    bench
        .commits(&[], &[put("kept", "1", 60), tombstone("ended", 60)])
        .await;
    let before = bench.found("kept").await;
    let writes = [
        put("kept", "2", 60),
        put("new", "2", 60),
        tombstone("gone", 60),
    ];
    bench.conflicts(&[present("nothing")], &writes).await;
    // The last effect cannot be done: none of those before it is.
    for last in [put("ended", "2", 60), put("gone", "2", 60)] {
        let effects = [writes.as_slice(), &[delete("kept"), last]].concat();
        bench.conflicts(&[], &effects).await;
        assert_eq!(bench.found("kept").await, before);
        assert_eq!(bench.slot("new").await, Slot::Absent);
        assert_eq!(bench.slot("gone").await, Slot::Absent);
        assert_eq!(bench.slot("ended").await, Slot::Tombstone);
    }
    // Checks look at what was before, not at what the effects make.
    bench
        .conflicts(&[present("new")], &[put("new", "2", 60)])
        .await;
    bench
        .commits(&[absent("new")], &[put("new", "2", 60)])
        .await;
    bench.conflicts(&[absent("new")], &[delete("new")]).await;
}

async fn reads_answer_in_the_order_asked(bench: Bench) {
    assert_eq!(bench.store.read(&bench.root, &[]).await.unwrap(), []);
    bench
        .commits(&[], &[put("a", "", 60), tombstone("b", 60)])
        .await;
    let (version, text) = bench.found("a").await;
    assert_eq!(text, "", "an empty document is a document");
    let found = Slot::Found {
        version,
        bytes: Vec::new(),
    };
    let names = ["c", "b", "a", "b", "a"].map(name);
    let slots = bench.store.read(&bench.root, &names).await.unwrap();
    let expected = [
        Slot::Absent,
        Slot::Tombstone,
        found.clone(),
        Slot::Tombstone,
        found,
    ];
    assert_eq!(slots, expected);
    // Any bytes, in documents and in names.
    let odd = "{a}:\0 ü\n";
    bench
        .commits(&[absent(odd)], &[put(odd, "\0\u{7f}ü", 60)])
        .await;
    assert_eq!(bench.found(odd).await.1, "\0\u{7f}ü");
    assert_eq!(bench.slot("{a}:").await, Slot::Absent);
}

async fn roots_are_apart(bench: Bench) {
    let other = bench.elsewhere();
    bench
        .commits(&[], &[put("a", "1", 60), put("b", "1", 60)])
        .await;
    other
        .commits(&[absent("a"), absent("b")], &[tombstone("a", 60)])
        .await;
    assert_eq!(bench.found("a").await.1, "1");
    assert_eq!(other.slot("b").await, Slot::Absent);
    other.conflicts(&[], &[put("a", "2", 60)]).await;
    bench.commits(&[], &[put("a", "2", 60)]).await;
    let nowhere = Root::from_bytes([0; 16]);
    assert_eq!(
        bench.store.read(&nowhere, &[name("a")]).await.unwrap(),
        [Slot::Absent]
    );
}

async fn tombstones_win(bench: Bench) {
    bench.commits(&[], &[put("a", "1", 60)]).await;
    let (version, _) = bench.found("a").await;
    bench.commits(&[], &[tombstone("a", 60)]).await;
    assert_eq!(bench.slot("a").await, Slot::Tombstone);
    for checks in [
        vec![],
        vec![at("a", version)],
        vec![absent("a")],
        vec![no_tombstone("a")],
    ] {
        bench.conflicts(&checks, &[put("a", "2", 60)]).await;
        assert_eq!(bench.slot("a").await, Slot::Tombstone);
    }
    // Neither a deletion, nor one before the put, nor a shorter mark makes way.
    bench.commits(&[], &[delete("a")]).await;
    bench
        .conflicts(&[], &[delete("a"), put("a", "2", 60)])
        .await;
    bench.commits(&[], &[tombstone("a", 1)]).await;
    bench.pass(2);
    assert_eq!(bench.slot("a").await, Slot::Tombstone);
    // Ending what never was, ending twice, and ending what the same commit writes.
    bench
        .commits(&[], &[tombstone("b", 60), tombstone("b", 60)])
        .await;
    bench.conflicts(&[], &[put("b", "2", 60)]).await;
    bench
        .commits(&[], &[put("c", "1", 60), tombstone("c", 60)])
        .await;
    assert_eq!(bench.slot("c").await, Slot::Tombstone);
    bench
        .conflicts(&[], &[tombstone("d", 60), put("d", "1", 60)])
        .await;
    assert_eq!(bench.slot("d").await, Slot::Absent);
}

async fn all_documents_go_at_once(bench: Bench) {
    let setup = [put("a", "1", 60), put("b", "1", 60), tombstone("c", 60)];
    bench.commits(&[], &setup).await;
    let everything = [put("d", "1", 60), Effect::DeleteAll, tombstone("a", 60)];
    bench.conflicts(&[absent("b")], &everything).await;
    assert_eq!(bench.found("b").await.1, "1");
    bench.commits(&[], &everything).await;
    for (name, slot) in [
        ("a", Slot::Tombstone),
        ("b", Slot::Absent),
        ("c", Slot::Tombstone),
        ("d", Slot::Absent),
    ] {
        assert_eq!(bench.slot(name).await, slot, "{name}");
    }
    // What comes after it stays.
    bench
        .commits(&[], &[Effect::DeleteAll, put("b", "2", 60)])
        .await;
    assert_eq!(bench.found("b").await.1, "2");
    let elsewhere = bench.elsewhere();
    elsewhere.commits(&[], &[Effect::DeleteAll]).await;
    assert_eq!(bench.found("b").await.1, "2");
}

async fn expiry_follows_the_clock(bench: Bench) {
    bench
        .commits(
            &[],
            &[
                put("document", "1", 10),
                tombstone("mark", 10),
                put("longer", "1", 20),
            ],
        )
        .await;
    let (version, _) = bench.found("document").await;
    bench.pass(9);
    assert_eq!(bench.found("document").await, (version, "1".to_owned()));
    assert_eq!(bench.slot("mark").await, Slot::Tombstone);
    bench.pass(1);
    assert_eq!(bench.slot("document").await, Slot::Absent);
    assert_eq!(bench.slot("mark").await, Slot::Absent);
    bench.conflicts(&[at("document", version)], &[]).await;
    bench.conflicts(&[present("document")], &[]).await;
    let gone = [absent("document"), absent("mark"), no_tombstone("mark")];
    bench.commits(&gone, &[put("mark", "2", 20)]).await;
    // A put moves the expiry, both ways; one in the past is none.
    bench
        .commits(&[], &[put("longer", "2", 30), put("mark", "3", 15)])
        .await;
    bench.pass(5);
    assert_eq!(bench.slot("mark").await, Slot::Absent);
    bench.pass(10);
    assert_eq!(bench.found("longer").await.1, "2");
    bench
        .commits(&[], &[put("late", "1", 25), put("longer", "3", 1)])
        .await;
    assert_eq!(bench.slot("late").await, Slot::Absent);
    assert_eq!(bench.slot("longer").await, Slot::Absent);
}

async fn versions_only_rise(bench: Bench) {
    let mut last = 0;
    let mut now = 0;
    for round in 0..4 {
        bench.commits(&[], &[put("a", "1", now + 10)]).await;
        let (first, _) = bench.found("a").await;
        assert!(first > last, "{round}");
        bench
            .commits(&[at("a", first)], &[put("a", "2", now + 10)])
            .await;
        let (second, _) = bench.found("a").await;
        assert!(second > first, "{round}");
        bench
            .conflicts(&[at("a", first)], &[put("a", "3", now + 10)])
            .await;
        // Other names leave it alone.
        bench.commits(&[], &[put("b", "1", now + 10)]).await;
        assert_eq!(bench.found("a").await.0, second);
        last = second;
        match round {
            0 => bench.commits(&[], &[delete("a")]).await,
            1 => bench.commits(&[], &[tombstone("a", now + 5)]).await,
            _ => {}
        }
        bench.pass(10);
        now += 10;
        assert_eq!(bench.slot("a").await, Slot::Absent);
    }
}

async fn round_trips_are_counted(bench: Bench) {
    let store = &bench.store;
    assert_eq!((store.reads(), store.commits()), (0, 0));
    bench
        .commits(&[], &[put("a", "1", 60), put("b", "1", 60)])
        .await;
    bench.conflicts(&[absent("a")], &[]).await;
    store
        .read(&bench.root, &["a", "b", "c"].map(name))
        .await
        .unwrap();
    assert_eq!((store.reads(), store.commits()), (1, 2));
    assert_eq!(store.clone().reads(), 1, "clones share the count");
}
