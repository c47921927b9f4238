//! The cost of passwords.

use super::keys;
use super::reader::Reader;
use super::resolved::Password;

/// Reads `[password]`.
pub(super) fn resolve(reader: &mut Reader<'_>) -> Option<Password> {
    let memory = reader.number(&keys::PASSWORD_MEMORY);
    let iterations = reader.number(&keys::PASSWORD_ITERATIONS);
    let parallelism = reader.number(&keys::PASSWORD_PARALLELISM);
    let concurrency = reader.is_given(&keys::PASSWORD_CONCURRENCY);
    let concurrency = if concurrency {
        reader.number(&keys::PASSWORD_CONCURRENCY)
    } else {
        Some(cores())
    };
    let queue = reader.number(&keys::PASSWORD_QUEUE);
    let password = Password {
        memory_kib: u32::try_from(memory?).ok()?,
        iterations: u32::try_from(iterations?).ok()?,
        parallelism: u32::try_from(parallelism?).ok()?,
        concurrency: usize::try_from(concurrency?).ok()?,
        queue: usize::try_from(queue?).ok()?,
    };
    check(reader, &password);
    Some(password)
}

fn cores() -> u64 {
    std::thread::available_parallelism().map_or(1, |cores| u64::try_from(cores.get()).unwrap_or(1))
}

fn check(reader: &mut Reader<'_>, password: &Password) {
    let least = password.parallelism.saturating_mul(8);
    if password.memory_kib < least {
        let text = format!(
            "{} is too little for {} lanes (RFC 9106, 3.1). Write {least} or more.",
            password.memory_kib, password.parallelism
        );
        reader.refuse(&keys::PASSWORD_MEMORY, text);
    } else if is_weak(password.memory_kib, password.iterations) {
        reader.warnings.push(format!(
            "password.memory_kib = {} with password.iterations = {} makes stolen hashes cheap to \
             guess. Leave both at their defaults (19456 and 2).",
            password.memory_kib, password.iterations
        ));
    }
}

/// Weaker than the weakest pair that OWASP's Password Storage Cheat Sheet takes: 7 MiB and 5.
fn is_weak(memory_kib: u32, iterations: u32) -> bool {
    memory_kib < 7_168 || u64::from(memory_kib) * u64::from(iterations) < 7_168 * 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_owasp_takes_are_not_weak() {
        for (memory, iterations, weak) in [
            (64, 1, true),
            (4_096, 100, true),
            (19_456, 1, true),
            (7_168, 5, false),
            (9_216, 4, false),
            (12_288, 3, false),
            (19_456, 2, false),
            (47_104, 1, false),
        ] {
            assert_eq!(is_weak(memory, iterations), weak, "{memory} {iterations}");
        }
    }
}
