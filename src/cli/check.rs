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
    println!("listen    {}", config.listen);
    println!("database  {}", config.database);
    println!("clients   {} in the file", config.clients.len());
    match &config.redis {
        Some(redis) => println!("hot state {redis}"),
        None => println!(
            "hot state in process, {} MiB",
            config.hot.memory_bytes >> 20
        ),
    }
    Ok(())
}
