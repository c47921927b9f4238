//! Signals for a process and its children.
//!
//! Every backend of PostgreSQL leads a process group of its own, so that no group names them all;
//! and `pgrep` is not on every machine, so that a shell reads who is whose child.

use std::process::Command;

/// Shell functions. `ps` is for systems without a `/proc`.
pub(super) const FUNCTIONS: &str = r#"
children() {
  if [ -r /proc/self/status ]; then
    grep -ls "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d / -f 3
  else
    ps -A -o pid= -o ppid= | while read -r pid parent; do [ "$parent" = "$1" ] && echo "$pid"; done
  fi
}
# The parent first: once it is stopped or dead, it makes no more children. Once it is dead they
# are somebody else's, so they are stopped with it before.
signal() {
  [ "$1" != KILL ] || signal STOP "$2"
  family="$2 $(children "$2")"
  kill -"$1" "$2" 2>/dev/null || return 1
  for child in $(children "$2") $family; do kill -"$1" "$child" 2>/dev/null; done
  return 0
}
"#;

/// Sends it to the process and its children; whether the process was there.
pub(super) fn signal(pid: u32, name: &str) -> bool {
    let script = format!("{FUNCTIONS} signal {name} {pid}");
    let sent = Command::new("sh").args(["-c", &script]).status();
    sent.unwrap().success()
}
