//! An app with a server and the openidconnect crate, which keeps its sessions itself.

mod party;
mod site;

use std::error::Error;

use party::Party;
use site::Site;

fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
    let port = setting("PORT")?;
    let home = format!("http://localhost:{port}/");
    let party = Party::discover(
        &setting("ISSUER")?,
        setting("CLIENT_ID")?,
        setting("CLIENT_SECRET")?,
        home,
    )?;
    let server = tiny_http::Server::http(format!("127.0.0.1:{port}"))
        .map_err(|error| format!("port {port}: {error}"))?;
    println!("ready");
    let mut site = Site::new(party, &port);
    for request in server.incoming_requests() {
        let answer = site.answer(&request);
        request.respond(answer)?;
    }
    Ok(())
}
