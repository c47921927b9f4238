//! The `lanyard` program: parse, do, exit.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    lanyard::cli::run(lanyard::cli::args::Cli::parse())
}
