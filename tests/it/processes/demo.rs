//! `lanyard demo` as somebody meets it who has just built it.

use std::net::TcpListener;

use crate::support::installation::free_port;
use crate::support::{Browser, House, Installation, Person, Server, http};

struct Ports {
    provider: u16,
    wiki: u16,
    shop: u16,
}

impl Ports {
    fn new() -> Self {
        Self {
            provider: free_port(),
            wiki: free_port(),
            shop: free_port(),
        }
    }

    fn options(&self) -> Vec<String> {
        vec![
            format!("--port={}", self.provider),
            format!("--wiki-port={}", self.wiki),
            format!("--shop-port={}", self.shop),
        ]
    }

    fn issuer(&self) -> String {
        format!("http://localhost:{}", self.provider)
    }
}

/// Starts the demo and waits for the end of its tour.
async fn start(house: &Installation, ports: &Ports, more: &[&str]) -> Server {
    let options = ports.options();
    let mut options: Vec<&str> = options.iter().map(String::as_str).collect();
    options.extend_from_slice(more);
    let demo = Server::start(house, "demo", &options);
    let demo = demo.ready(&ports.issuer()).await.unwrap();
    House::until("the tour is told", || async {
        demo.answered().contains("Press Ctrl-C to stop.")
    })
    .await;
    demo
}

/// The folder that the tour names.
fn folder(demo: &Server) -> std::path::PathBuf {
    let said = demo.answered();
    let (_, rest) = said.split_once("Data: ").unwrap();
    rest.split(". Press").next().unwrap().into()
}

fn somebody(username: &str, password: &str) -> Person {
    Person {
        id: lanyard::entropy::UserId::new("somebody"),
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_tells_its_tour_and_leaves_nothing_behind() {
    let ports = Ports::new();
    // It reads neither a file nor variables, so that these cannot break it.
    let house = Installation::with(&[("ISSUER", "nonsense"), ("NONSENSE", "1")]);
    house.write("lanyard.toml", "nonsense = true\n");
    let mut demo = start(&house, &ports, &[]).await;
    let tour = demo.answered();
    assert!(!tour.contains("setup"), "it has an administrator");
    for part in [
        ports.issuer(),
        format!("http://wiki.localhost:{}", ports.wiki),
        format!("http://shop.localhost:{}", ports.shop),
        "alice  password alice-demo".to_owned(),
        "admin  password admin-demo".to_owned(),
        format!("{}/account", ports.issuer()),
    ] {
        assert!(tour.contains(&part), "{part} is not in {tour}");
    }
    assert_eq!(demo.said(), "", "nothing to complain of");
    let data = folder(&demo);
    assert!(data.join("lanyard.db").exists());
    for (name, port) in [("wiki", ports.wiki), ("shop", ports.shop)] {
        let page = http()
            .build()
            .unwrap()
            .get(format!("http://127.0.0.1:{port}/"));
        let page = page.header("host", format!("{name}.localhost:{port}"));
        assert_eq!(page.send().await.unwrap().status(), 200);
    }
    for (username, password) in [("alice", "alice-demo"), ("admin", "admin-demo")] {
        let browser = Browser::new(&ports.issuer());
        browser.sign_in(&somebody(username, password)).await;
    }
    demo.signal("INT");
    assert_eq!(demo.gone().await, Some(0), "{}", demo.said());
    assert!(!data.exists(), "the temporary folder is gone");
    assert!(demo.answered().ends_with("Stopping the demo.\n"));
    for port in [ports.provider, ports.wiki, ports.shop] {
        assert!(
            TcpListener::bind(("127.0.0.1", port)).is_ok(),
            "all is stopped"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_given_is_kept_with_its_sessions() {
    let ports = Ports::new();
    let house = Installation::new();
    let browser = Browser::new(&ports.issuer());
    let given = house.path("kept").display().to_string();
    let mut demo = start(&house, &ports, &["--data", &given]).await;
    browser.sign_in(&somebody("alice", "alice-demo")).await;
    demo.signal("TERM");
    assert_eq!(demo.gone().await, Some(0), "{}", demo.said());
    assert!(house.path("kept/lanyard.db").exists());

    let demo = start(&house, &ports, &["--data", &given]).await;
    assert!(browser.is_signed_in().await);
    assert_eq!(folder(&demo), house.path("kept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_its_way_is_named_with_the_way_out_and_leaves_nothing_behind() {
    let house = Installation::new();
    for taken in 0..3 {
        let ports = Ports::new();
        let port = [ports.provider, ports.wiki, ports.shop][taken];
        let _other = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let mut arguments = vec!["demo".to_owned()];
        arguments.extend(ports.options());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let said = house.run(&arguments).refused();
        let whose = ["the provider", "Wiki", "Shop"][taken];
        assert!(
            said.contains(&format!("port {port} for {whose} is taken")),
            "{said}"
        );
        assert!(
            said.contains("--port 9080 --wiki-port 9081 --shop-port 9082"),
            "{said}"
        );
    }
    let said = house.run(&["demo", "--config", "lanyard.toml"]).refused();
    assert!(said.contains("takes no configuration file"), "{said}");
    let left = std::fs::read_dir(house.path(".")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lanyard.toml"], "no temporary folder stays");
}
