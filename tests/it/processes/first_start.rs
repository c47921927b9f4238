//! The set-up link as operators meet it: printed once, by one process, and never in the log.

use crate::support::installation::free_port;
use crate::support::parts::{postgres_url, redis_url};
use crate::support::stores::{on_postgres, on_redis};
use crate::support::{Browser, House, Installation, Server};

const DEBUG: (&str, &str) = ("LOG__LEVEL", "debug,lanyard=trace");
const NOTHING_DUE: &str = "no set-up link is due";
const ANOTHER: &str = "another node printed the set-up link";

async fn is_good(browser: &Browser, link: &str) -> bool {
    browser.forget_cookies();
    browser.get(link).await.status == 303
}

async fn make_mona(browser: &Browser, link: &str) {
    let page = browser.go(link).await.page();
    let fields = [
        ("username", "mona"),
        ("password", "mona likes long passwords"),
    ];
    let landed = browser.submit(&page, &fields).await.page();
    assert_eq!(landed.url.path(), "/admin");
}

async fn says(server: &Server, what: &str) {
    House::until(&format!("it says {what}"), || async {
        server.said().contains(what)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_is_printed_on_standard_output_alone_until_there_is_an_administrator() {
    let house = Installation::with(&[DEBUG]);
    house.person("alice");
    let first = house.serve().await;
    let old = first.setup_link().await;
    assert!(old.starts_with(&format!("{}/setup?token=", house.issuer)));
    let browser = house.browser();
    assert!(is_good(&browser, &old).await);
    assert_eq!(first.answered().matches("token=").count(), 1);
    let (_, token) = old.split_once("token=").unwrap();
    assert!(!first.said().contains(token));
    first.kill();

    let mut second = house.serve().await;
    let new = second.setup_link().await;
    assert_ne!(old, new);
    assert!(!is_good(&browser, &old).await && is_good(&browser, &new).await);
    make_mona(&browser, &new).await;
    second.signal("TERM");
    assert_eq!(second.gone().await, Some(0), "{}", second.said());

    let third = house.serve().await;
    says(&third, NOTHING_DUE).await;
    assert!(!third.answered().contains("setup"), "{}", third.answered());
    assert!(!is_good(&browser, &new).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_does_without_and_voids_the_link() {
    let house = Installation::with(&[DEBUG]);
    let server = house.serve().await;
    let link = server.setup_link().await;
    let options = [
        "user",
        "create",
        "--username",
        "mona",
        "--admin",
        "--password-stdin",
    ];
    house
        .run_with(&options, "mona likes long passwords\n")
        .succeeded();
    assert!(!is_good(&house.browser(), &link).await);
    server.kill();
    let again = house.serve().await;
    says(&again, NOTHING_DUE).await;
    assert!(!again.answered().contains("setup"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_output_nobody_reads_serves_all_the_same() {
    let house = Installation::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let command = house.command(&["serve"]);
    let server = Server::run_into(&house, command, "serve", Some(writer.into()));
    let ready = server.ready(&house.issuer).await;
    let server = ready.unwrap_or_else(|said| panic!("{said}"));
    says(&server, "could not be printed").await;
    assert_eq!(house.browser().get("/setup").await.status, 410);
}

/// Two nodes of one house on servers of their own.
struct Nodes {
    house: Installation,
    port: u16,
}

impl Nodes {
    async fn new() -> Self {
        let mut variables = on_redis(&redis_url().await);
        variables.extend(on_postgres(&postgres_url().await).await);
        let mut variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        variables.push(DEBUG);
        Self {
            house: Installation::with(&variables),
            port: free_port(),
        }
    }

    /// Starts a node without waiting for it.
    fn start(&self, port: u16) -> Server {
        let mut command = self.house.command(&["serve"]);
        command.env("LANYARD__SERVER__LISTEN", format!("127.0.0.1:{port}"));
        Server::run(&self.house, command, "serve")
    }

    async fn ready(&self, server: Server, port: u16) -> Server {
        let address = format!("http://localhost:{port}");
        let ready = server.ready(&address).await;
        ready.unwrap_or_else(|said| panic!("the node did not start: {said}"))
    }

    fn browser(&self, port: u16) -> Browser {
        self.house.browser().through(port)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_start_together_print_one_link() {
    let nodes = Nodes::new().await;
    let ports = [nodes.house.port, nodes.port];
    let [one, two] = ports.map(|port| nodes.start(port));
    let (one, two) = tokio::join!(nodes.ready(one, ports[0]), nodes.ready(two, ports[1]));
    let mut servers = vec![(one, ports[0]), (two, ports[1])];
    House::until("one prints a link and the other knows", || async {
        servers
            .iter()
            .any(|(node, _)| node.answered().contains("token="))
            && servers
                .iter()
                .any(|(node, _)| node.said().contains(ANOTHER))
    })
    .await;
    servers.sort_by_key(|(node, _)| !node.answered().contains("token="));
    let (mut printer, printers_port) = servers.remove(0);
    let (other, others_port) = servers.remove(0);
    assert!(!other.answered().contains("token="), "{}", other.answered());
    let old = printer.setup_link().await;
    for port in ports {
        assert!(is_good(&nodes.browser(port), &old).await, "at {port}");
    }

    // One that stops takes its link along, and the other prints one of its own.
    printer.signal("TERM");
    assert_eq!(printer.gone().await, Some(0), "{}", printer.said());
    let new = other.setup_link().await;
    let browser = nodes.browser(others_port);
    assert!(!is_good(&browser, &old).await && is_good(&browser, &new).await);

    // One that comes back leaves that alone, and prints nothing once there is an administrator.
    let back = nodes.ready(nodes.start(printers_port), printers_port).await;
    says(&back, ANOTHER).await;
    make_mona(&nodes.browser(printers_port), &new).await;
    says(&back, NOTHING_DUE).await;
    assert!(!back.answered().contains("token="));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_died_leaves_its_link_to_the_next() {
    let nodes = Nodes::new().await;
    let port = nodes.house.port;
    let first = nodes.ready(nodes.start(port), port).await;
    let old = first.setup_link().await;
    first.kill();
    // Its sign of life is still there.
    let second = nodes.ready(nodes.start(port), port).await;
    let new = second.setup_link().await;
    assert_ne!(old, new);
    let browser = nodes.house.browser();
    assert!(!is_good(&browser, &old).await && is_good(&browser, &new).await);
    make_mona(&browser, &new).await;
}
