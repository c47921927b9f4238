//! `lanyard check`: everything that is wrong with the configuration, and nothing started.

use std::path::PathBuf;

use super::load;
use super::outcome::Outcome;

pub(super) fn run(file: Option<PathBuf>) -> Outcome {
    let config = load(file)?;
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    println!("The configuration is good.");
    println!("issuer    {}", config.issuer);
    let scheme = config.server.tls.as_ref().map_or("http", |_| "https");
    println!("listen    {} ({scheme})", config.listen);
    println!("database  {}", config.database);
    match &config.redis {
        Some(redis) => println!("hot state {redis}"),
        None => println!(
            "hot state in process, {} MiB",
            config.hot.memory_bytes >> 20
        ),
    }
    Ok(())
}
