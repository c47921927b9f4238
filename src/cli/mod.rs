//! The command line. [`args`] says what can be typed; each command is a file of its own.
//!
//! Standard output belongs to what commands answer, standard error to what they have to say.

pub mod args;
mod audit;
mod beside;
mod check;
mod client;
mod client_changes;
mod client_file;
mod client_options;
mod client_sealer;
mod client_settings;
mod confirm;
mod demo;
mod health;
mod initial_token;
mod key;
mod migrate;
mod outcome;
mod serve;
mod session;
mod setup_link;
mod table;
mod typed;
mod user;
mod user_changes;
mod user_set;

use std::path::PathBuf;
use std::process::ExitCode;

use args::{Cli, Command};
use outcome::{Failure, Outcome};

use crate::app;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::entropy::Entropy;
use crate::store::record::Record;

/// Does what was typed.
pub fn run(cli: Cli) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(cli)),
        Err(error) => Err(Failure::new(format!("the runtime can't start: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(cli: Cli) -> Outcome {
    let file = cli.config;
    match cli.command {
        Command::Serve => serve::run(file).await,
        Command::Demo(_) if file.is_some() => Err(Failure::new(
            "--config: the demo takes no configuration file; leave it out, or start \
             `lanyard serve` with it",
        )),
        Command::Demo(demo) => demo::run(demo).await,
        Command::Check(options) => check::run(file, options).await,
        Command::Health => health::run(file),
        Command::Migrate => migrate::run(file).await,
        Command::User(command) => user::run(file, command).await,
        Command::Client(command) => client::run(file, command).await,
        Command::Registration(command) => initial_token::run(file, command).await,
        Command::Session(command) => session::run(file, command).await,
        Command::Key(command) => key::run(file, command).await,
        Command::Audit(options) => audit::run(file, options).await,
    }
}

fn load(file: Option<PathBuf>) -> Result<Config, Failure> {
    config::from_process(file)
        .map_err(|errors| Failure::many(errors.iter().map(ToString::to_string).collect()))
}

/// The record of a configuration, for a command that works beside a running server. Changes go
/// through SQL; the server follows its logs.
async fn record(file: Option<PathBuf>) -> Result<Record, Failure> {
    let config = load(file)?;
    Ok(app::open_record(&config, Clock::System, Entropy::System).await?)
}
