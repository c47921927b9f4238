//! `lanyard migrate`: bring the record to the form that this version needs.

use std::path::PathBuf;

use super::load;
use super::outcome::Outcome;
use crate::app;
use crate::clock::Clock;
use crate::entropy::Entropy;

pub(super) async fn run(file: Option<PathBuf>) -> Outcome {
    let config = load(file)?;
    let record = app::open_record_as_is(&config, Clock::System, Entropy::System).await?;
    let applied = record.migrate().await?;
    match applied {
        0 => println!("The record is up to date."),
        1 => println!("Applied 1 migration."),
        count => println!("Applied {count} migrations."),
    }
    record.close().await;
    Ok(())
}
