//! `lanyard check`: everything that is wrong with the configuration, and nothing started; what the
//! stores say, if asked.

use std::path::PathBuf;

use super::args::Check;
use super::load;
use super::outcome::Outcome;
use crate::app;

pub(super) async fn run(file: Option<PathBuf>, options: Check) -> Outcome {
    let config = load(file)?;
    for warning in &config.warnings {
        eprintln!("warning: {warning}");
    }
    println!("The configuration is good.");
    println!("issuer    {}", config.issuer);
    let scheme = config.server.tls.as_ref().map_or("http", |_| "https");
    println!("listen    {} ({scheme})", config.listen);
    println!("database  {}", config.database);
    println!("clients   {} in the file", config.clients.len());
    match &config.redis {
        Some(redis) => println!("hot state {redis}"),
        None => println!(
            "hot state in process, {} MiB",
            config.hot.memory_bytes >> 20
        ),
    }
    if options.connect {
        for line in app::look(&config).await? {
            println!("{line}");
        }
    } else {
        println!("The stores were not contacted; --connect does that.");
    }
    Ok(())
}
