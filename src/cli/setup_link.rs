//! Prints the set-up link: on standard output alone, never in the log.

use std::io::Write as _;
use std::time::Duration;

use crate::entropy::Secret;
use crate::provider::{Provider, SetupLinkDue};

/// Between two looks while another node's link is good, or a store does not answer.
const AGAIN: Duration = Duration::from_secs(2);

/// Sees to it that somebody can make the first administrator. Returns when nothing is left to do.
pub(super) async fn announce(provider: &Provider) {
    let mut told = String::new();
    loop {
        match provider.setup_link_due().await {
            Ok(SetupLinkDue::Nothing) => {
                tracing::debug!("no set-up link is due");
                return;
            }
            Ok(SetupLinkDue::Print(token)) => return print(provider, &token),
            Ok(SetupLinkDue::Wait(node)) => {
                if node != told {
                    tracing::info!(
                        node,
                        "there is no administrator yet, and another node printed the set-up link"
                    );
                    told = node;
                }
            }
            Err(error) => tracing::warn!(%error, "there is no set-up link yet"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn print(provider: &Provider, token: &Secret) {
    let text = format!(
        "There is no administrator yet. Open this link within an hour to make one:\n\n  {}\n\n\
         It works once. A restart prints a new one; `lanyard user create --admin --username NAME` \
         does without.\n",
        provider.setup_address(token)
    );
    let mut out = std::io::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Ok(()) => tracing::info!("there is no administrator yet: a set-up link was printed"),
        Err(error) => tracing::warn!(
            %error,
            "there is no administrator yet, and the set-up link could not be printed on standard \
             output: make one by `lanyard user create --admin --username NAME`"
        ),
    }
}
