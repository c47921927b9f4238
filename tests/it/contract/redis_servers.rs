//! What the store makes of real servers: full, paused, restarted, flushed, demoted, evicting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lanyard::clock::Clock;
use lanyard::entropy::Entropy;
use lanyard::store::Unknown;
use lanyard::store::hot::{
    Admission, Effect, Gate, HotStore, Identity, Login, Outcome, RedisSettings, RedisStore, Slot,
    Topology,
};
use tokio::sync::Mutex;

use super::hot_words::{Bench, absent, at, name, present, put, tombstone};
use super::redis::{address, settings};
use super::{START, hot};
use crate::support::House;
use crate::support::parts::{Failover, RedisCluster, RedisServer};

/// Lets everybody in, and keeps the guest book.
#[derive(Default)]
struct Porter {
    seen: Mutex<Vec<Identity>>,
    refuses: std::sync::atomic::AtomicBool,
    asked: AtomicUsize,
}

impl Gate for Porter {
    fn admit<'a>(&'a self, identity: &'a Identity) -> Admission<'a> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.refuses.load(Ordering::SeqCst) {
                return Err(Unknown("not now".to_owned()));
            }
            self.seen.lock().await.push(identity.clone());
            Ok(())
        })
    }
}

fn store(settings: RedisSettings) -> HotStore {
    HotStore::Redis(RedisStore::new(settings, clock(), Entropy::System))
}

fn clock() -> Clock {
    Clock::manual(START)
}

fn of(server: &RedisServer) -> RedisSettings {
    let mut settings = settings(vec![address(&server.url())], Topology::Single);
    settings.timeout = Duration::from_millis(500);
    settings
}

fn bench(server: &RedisServer) -> Bench {
    Bench::new(store(of(server)), clock())
}

/// Whether the store answers now.
async fn answers(bench: &Bench) -> bool {
    bench.store.read(&bench.root, &[name("a")]).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_keeps_the_contract_and_outlives_a_master() {
    let mut cluster = RedisCluster::start().await;
    cluster.add_replica().await;
    let nodes: Vec<_> = cluster.urls().iter().map(|url| address(url)).collect();
    let one = settings(nodes[1..].to_vec(), Topology::Cluster);
    let prefix = one.key_prefix.clone();
    hot::suite(async |clock| {
        let mut settings = one.clone();
        settings.key_prefix = format!("{prefix}{}:", Entropy::System.alphanumeric(6));
        HotStore::Redis(RedisStore::new(settings, clock, Entropy::System))
    })
    .await;
    let mut patient = one.clone();
    patient.timeout = Duration::from_secs(2);
    let everywhere = Bench::new(store(patient), clock());
    let roots: Vec<_> = (0..40).map(|_| everywhere.elsewhere()).collect();
    for root in &roots {
        root.commits(&[], &[put("a", "1", 60)]).await;
    }
    for master in &cluster.masters {
        assert_ne!(master.command(&["DBSIZE"]).await, "0", "all have some");
    }
    cluster.take_over().await;
    House::until("every root can be read again", || async {
        for root in &roots {
            if !answers(root).await {
                return false;
            }
        }
        true
    })
    .await;
    for root in &roots {
        assert_eq!(root.found("a").await.1, "1");
        root.commits(&[], &[put("a", "2", 60)]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_master_is_where_the_sentinel_says() {
    let mut pair = Failover::start().await;
    let topology = Topology::Sentinel {
        master: Failover::NAME.to_owned(),
        login: Login::default(),
    };
    // The first of them is dead: the next one is asked.
    let dead = address("redis://127.0.0.1:1");
    let sentinels = vec![dead, address(&pair.sentinel_url())];
    let bench = Bench::new(store(settings(sentinels, topology)), clock());
    let porter = Arc::new(Porter::default());
    let gate: Arc<dyn Gate> = Arc::clone(&porter) as _;
    bench.store.open(gate).await.unwrap();
    bench.commits(&[], &[put("a", "1", 60)]).await;
    pair.fail_over().await;
    House::until("the new master answers", || answers(&bench)).await;
    assert_eq!(bench.found("a").await.1, "1");
    bench.commits(&[], &[put("a", "2", 60)]).await;
    let seen = porter.seen.lock().await;
    let (first, last) = (&seen[0], seen.last().unwrap());
    assert_ne!(first.replication_id, last.replication_id);
    assert_eq!(first.canary, last.canary, "the data went along");
}

#[tokio::test]
async fn full_memory_refuses_documents_and_lets_ends_pass() {
    let server = RedisServer::start().await;
    let bench = bench(&server);
    bench.commits(&[], &[put("a", "1", 60)]).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let effects = vec![put("a", "2", 60), put("b", "2", 60)];
    let commit = lanyard::store::hot::Commit {
        checks: vec![],
        effects,
        attempt: Entropy::System.bytes(),
    };
    let refused = bench.store.commit(&bench.root, commit).await.unwrap_err();
    assert!(refused.to_string().contains("OOM"), "{refused}");
    assert_eq!(bench.found("a").await.1, "1");
    bench.commits(&[], &[tombstone("a", 60)]).await;
    assert_eq!(bench.slot("a").await, Slot::Tombstone);
    assert!(
        bench
            .store
            .count("k", Duration::from_secs(1))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_server_that_lost_the_scripts_is_given_them_again() {
    let server = RedisServer::start().await;
    let bench = bench(&server);
    bench.commits(&[], &[put("a", "1", 60)]).await;
    server.command(&["SCRIPT", "FLUSH"]).await;
    bench.commits(&[], &[put("a", "2", 60)]).await;
    server.command(&["SCRIPT", "FLUSH"]).await;
    assert_eq!(
        bench
            .store
            .count("k", Duration::from_secs(1))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_paused_server_is_unknown_in_time_and_good_again_afterwards() {
    let server = RedisServer::start().await;
    let bench = bench(&server);
    bench.commits(&[], &[put("a", "1", 60)]).await;
    server.pause();
    for _ in 0..3 {
        let began = Instant::now();
        assert!(!answers(&bench).await);
        assert!(began.elapsed() < Duration::from_secs(1), "its deadline");
    }
    server.resume();
    House::until("it answers again", || answers(&bench)).await;
    assert_eq!(bench.found("a").await.1, "1");
}

#[tokio::test]
async fn a_restart_costs_no_more_than_its_time() {
    let mut server = RedisServer::start().await;
    let bench = bench(&server);
    bench.commits(&[], &[put("a", "1", 60)]).await;
    server.kill();
    assert!(!answers(&bench).await);
    server.restart_empty().await;
    House::until("it answers again", || answers(&bench)).await;
    assert_eq!(bench.slot("a").await, Slot::Absent);
    bench.commits(&[absent("a")], &[put("a", "2", 60)]).await;
}

#[tokio::test]
async fn nothing_is_asked_of_a_server_before_the_gate_has_seen_it() {
    let mut server = RedisServer::start().await;
    let bench = bench(&server);
    let porter = Arc::new(Porter::default());
    let gate: Arc<dyn Gate> = Arc::clone(&porter) as _;
    bench.store.open(gate).await.unwrap();
    bench.commits(&[], &[put("a", "1", 60)]).await;
    assert_eq!(porter.asked.load(Ordering::SeqCst), 1);

    // Another process, other data: seen before the first answer, and not passed while it refuses.
    porter.refuses.store(true, Ordering::SeqCst);
    server.restart_empty().await;
    House::until("the gate was asked", || async {
        let answered = answers(&bench).await;
        assert!(!answered, "past a gate that refuses");
        porter.asked.load(Ordering::SeqCst) > 1
    })
    .await;
    porter.refuses.store(false, Ordering::SeqCst);
    House::until("it is let in", || answers(&bench)).await;
    let seen = porter.seen.lock().await.clone();
    assert_ne!(seen[0].run_id, seen[1].run_id);
    assert_ne!(seen[0].canary, seen[1].canary);
}

#[tokio::test]
async fn a_flush_is_seen_within_the_second() {
    let server = RedisServer::start().await;
    let bench = bench(&server);
    let porter = Arc::new(Porter::default());
    let gate: Arc<dyn Gate> = Arc::clone(&porter) as _;
    bench.store.open(gate).await.unwrap();
    server.command(&["FLUSHALL"]).await;
    House::until("the gate has seen other data", || async {
        answers(&bench).await;
        porter.seen.lock().await.len() > 1
    })
    .await;
    let seen = porter.seen.lock().await.clone();
    assert_eq!(seen[0].run_id, seen[1].run_id, "the same process");
    assert_ne!(seen[0].canary, seen[1].canary);
}

#[tokio::test]
async fn what_forgets_at_random_or_is_a_replica_is_refused_with_the_remedy() {
    for (setting, value, says) in [
        (
            "maxmemory-policy",
            "allkeys-lru",
            "maxmemory-policy noeviction",
        ),
        (
            "maxmemory-policy",
            "volatile-ttl",
            "maxmemory-policy noeviction",
        ),
        ("replicaof", "127.0.0.1 1", "replica"),
    ] {
        let server = RedisServer::start_with(&[(setting, value)]).await;
        let gate: Arc<dyn Gate> = Arc::new(Porter::default());
        let refused = bench(&server).store.open(gate).await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
}

/// The line that operators are told to copy.
fn documented_rights() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/storage.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().filter(|line| line.starts_with("user lanyard"));
    let line = lines.next().unwrap().to_owned();
    assert_eq!(lines.next(), None);
    line
}

#[tokio::test]
async fn over_tls_and_by_a_user_of_few_rights() {
    let tls = RedisServer::start_tls().await;
    let mut trusted = of(&tls);
    trusted.tls = true;
    let distrusted = Bench::new(store(trusted.clone()), clock());
    assert!(!answers(&distrusted).await, "an authority nobody trusts");
    trusted.ca_pem = Some(std::fs::read(tls.authority()).unwrap());
    let bench = Bench::new(store(trusted), clock());
    bench.commits(&[], &[put("a", "1", 60)]).await;

    let rights = documented_rights();
    let server = RedisServer::start_with_acl(&["user default off", &rights]).await;
    let mut few = of(&server);
    few.key_prefix = "lanyard:".to_owned();
    let nobody = Bench::new(store(few.clone()), clock());
    assert!(!answers(&nobody).await);
    few.login = Login {
        username: Some("lanyard".to_owned()),
        password: Some("PASSWORD".to_owned()),
    };
    let gate: Arc<dyn Gate> = Arc::new(Porter::default());
    store(few.clone()).open(gate).await.unwrap();
    let bench = Bench::new(store(few), clock());
    bench.commits(&[], &[put("a", "1", 60)]).await;
    bench.commits(&[], &[tombstone("a", 60)]).await;
    assert_eq!(
        bench
            .store
            .count("k", Duration::from_secs(9))
            .await
            .unwrap(),
        1
    );
    bench.store.uncount("k").await.unwrap();
    bench.store.forget("k").await.unwrap();
    bench.store.sign_of_life("n").await.unwrap();
    assert!(bench.store.lives("n").await.unwrap());
    assert!(!bench.store.lives("m").await.unwrap());
    bench.store.hint().await.unwrap();
}

#[tokio::test]
async fn a_read_and_a_commit_are_one_command_each() {
    let server = RedisServer::start().await;
    let bench = bench(&server);
    bench.commits(&[], &[put("a", "1", 60)]).await;
    let prefix = "EVALSHA";
    let commands = server
        .commands_during(async {
            bench
                .store
                .read(&bench.root, &["a", "b"].map(name))
                .await
                .unwrap();
            let effects = [put("a", "2", 60), put("b", "2", 60), tombstone("c", 60)];
            let outcome = bench.commit(&[absent("b")], &effects).await;
            assert_eq!(outcome, Outcome::Committed);
        })
        .await;
    let of_ours: Vec<_> = commands
        .iter()
        .filter(|line| !line.contains("canary") && !line.to_uppercase().starts_with("INFO"))
        .collect();
    assert_eq!(of_ours.len(), 2, "{of_ours:?}");
    assert!(
        of_ours[0].to_uppercase().starts_with("HMGET"),
        "{of_ours:?}"
    );
    assert!(of_ours[1].to_uppercase().starts_with(prefix), "{of_ours:?}");
}

#[tokio::test]
async fn hints_reach_every_store_of_the_prefix() {
    let server = RedisServer::start().await;
    let settings = of(&server);
    let (one, two) = (store(settings.clone()), store(settings));
    let bench = Bench::new(one.clone(), clock());
    House::until("the hint is heard", || async {
        // The other may not listen yet.
        answers(&bench).await;
        answers(&Bench::new(two.clone(), clock())).await;
        one.hint().await.unwrap();
        tokio::time::timeout(Duration::from_millis(50), two.hinted())
            .await
            .is_ok()
    })
    .await;
}

/// What somebody else wrote among our fields is nothing, and never an error half-way.
#[tokio::test]
async fn foreign_fields_are_absent_and_in_nobodys_way() {
    let server = RedisServer::start().await;
    let mut plain = of(&server);
    plain.key_prefix = "mine:".to_owned();
    let bench = Bench::new(store(plain), clock());
    let key = format!("mine:{{{}}}", bench.root.encode());
    // Two that are too short, and one of a kind that there is not.
    let foreign = [
        ("short", "x"),
        ("empty", ""),
        ("long", "zzzzzzzzzzzzzzzzzzzzzzzz"),
    ];
    let plant = async || {
        for (field, value) in foreign {
            server.command(&["HSET", &key, field, value]).await;
        }
    };
    plant().await;
    for (field, _) in foreign {
        assert_eq!(bench.slot(field).await, Slot::Absent);
        bench.conflicts(&[present(field)], &[]).await;
        bench.conflicts(&[at(field, 0)], &[]).await;
        bench.commits(&[absent(field)], &[]).await;
    }
    // More than sixteen fields: the script then sweeps a few by chance.
    let many: Vec<_> = (0..20).map(|n| put(&format!("f{n}"), "1", 60)).collect();
    bench.commits(&[], &many).await;
    for round in 0..40 {
        plant().await;
        bench.commits(&[], &[put("a", "1", 60)]).await;
        assert_eq!(bench.found("a").await.1, "1", "{round}");
    }
    plant().await;
    bench
        .commits(&[absent("short")], &[put("short", "1", 60)])
        .await;
    assert_eq!(bench.found("short").await.1, "1");
    plant().await;
    bench
        .commits(&[], &[tombstone("long", 60), Effect::DeleteAll])
        .await;
    assert_eq!(bench.slot("long").await, Slot::Tombstone);
    assert_eq!(bench.slot("a").await, Slot::Absent);

    let counter = "mine:n:k";
    server.command(&["SET", counter, "garbage"]).await;
    let window = Duration::from_secs(9);
    assert_eq!(bench.store.counted("k").await.unwrap(), 0);
    assert_eq!(bench.store.count("k", window).await.unwrap(), 1);
    server.command(&["SET", counter, "garbage"]).await;
    bench.store.uncount("k").await.unwrap();
    assert_eq!(bench.store.counted("k").await.unwrap(), 0);
}

/// Why a store does not open.
async fn refused(settings: RedisSettings) -> String {
    let gate: Arc<dyn Gate> = Arc::new(Porter::default());
    let opened = store(settings).open(gate).await;
    opened.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rights_that_are_missing_are_named_at_the_start() {
    let rights = documented_rights();
    let lacking = |name: &str, right: &str| {
        let line = rights.replace(&format!(" {right}"), "");
        assert_ne!(line, rights, "{right}");
        line.replace("user lanyard ", &format!("user {name} "))
    };
    let cases = [
        ("a", "+hrandfield", "the command hrandfield"),
        ("b", "+hmget", "the command hmget"),
        ("c", "+publish", "the command publish"),
        ("d", "+subscribe", "the command subscribe"),
        ("e", "+info", "the command info"),
        ("f", "&lanyard:*", "the channel of redis.key_prefix"),
        ("g", "~lanyard:*", "the keys of redis.key_prefix"),
    ];
    let users: Vec<_> = cases
        .iter()
        .map(|(name, right, _)| lacking(name, right))
        .collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let server = RedisServer::start_with_acl(&users).await;
    for (name, _, says) in cases {
        let mut few = of(&server);
        few.key_prefix = "lanyard:".to_owned();
        few.login = Login {
            username: Some(name.to_owned()),
            password: Some("PASSWORD".to_owned()),
        };
        let said = refused(few).await;
        assert!(
            said.contains(says) && said.contains("docs/storage.md"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_does_not_fit_is_refused_with_the_key_and_the_remedy() {
    let plain = RedisServer::start().await;
    let topology = |topology| RedisSettings {
        topology,
        ..of(&plain)
    };
    let sentinel = Topology::Sentinel {
        master: "mymaster".to_owned(),
        login: Login::default(),
    };
    let said = refused(topology(sentinel)).await;
    assert!(
        said.contains("is no sentinel") && said.contains("redis.topology"),
        "{said}"
    );
    let said = refused(topology(Topology::Cluster)).await;
    assert!(
        said.contains("no node of a cluster") && said.contains("redis.topology"),
        "{said}"
    );

    let mut over_tls = of(&plain);
    over_tls.tls = true;
    let said = refused(over_tls).await;
    assert!(
        said.contains("speaks no TLS") && said.contains("redis://"),
        "{said}"
    );
    let tls = RedisServer::start_tls().await;
    let said = refused(of(&tls)).await;
    assert!(said.contains("rediss:// in redis.url"), "{said}");

    let server = RedisServer::start_with_acl(&["user lanyard on >right ~* &* +@all"]).await;
    let mut wrong = of(&server);
    wrong.login = Login {
        username: Some("lanyard".to_owned()),
        password: Some("squeamish".to_owned()),
    };
    let said = refused(wrong).await;
    assert!(
        said.contains("the user lanyard") && said.contains("redis.password_file"),
        "{said}"
    );
    assert!(!said.contains("squeamish"), "{said}");
    let closed = RedisServer::start_with_acl(&["user default off"]).await;
    let said = refused(of(&closed)).await;
    assert!(said.contains("redis.password_file"), "{said}");

    let replica = RedisServer::start_with(&[("replicaof", "127.0.0.1 1")]).await;
    let said = refused(of(&replica)).await;
    assert!(
        said.contains("is a replica") && said.contains("redis.url"),
        "{said}"
    );
}
