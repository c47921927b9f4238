//! Passwords are checked off the workers, a few at a time, behind a short queue: a burst of
//! sign-ins must neither starve other requests nor fill the memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::Provider;
use super::settings::PasswordSettings;
use super::trouble::Trouble;
use crate::entropy::Entropy;
use crate::identity::password::{Hasher, Verdict};
use crate::meters::{Hashes, Meters};

pub(super) struct Gate {
    hasher: Arc<Hasher>,
    permits: Arc<Semaphore>,
    /// Those that are hashed and those that wait.
    inside: AtomicUsize,
    waiting: AtomicUsize,
    places: usize,
    concurrency: usize,
    meters: Meters,
}

impl Gate {
    pub(super) fn new(
        settings: &PasswordSettings,
        entropy: &Entropy,
        meters: &Meters,
    ) -> Result<Self, Trouble> {
        let hasher = Hasher::new(settings.parameters, settings.concurrency, entropy)
            .map_err(|error| Trouble::Internal(error.to_string()))?;
        Ok(Self {
            hasher: Arc::new(hasher),
            permits: Arc::new(Semaphore::new(settings.concurrency)),
            inside: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            concurrency: settings.concurrency,
            meters: meters.clone(),
            places: settings.concurrency.saturating_add(settings.queue),
        })
    }

    /// How many passwords are under way.
    pub(super) fn load(&self) -> Hashes {
        let number = |number| u64::try_from(number).unwrap_or(u64::MAX);
        let free = self.permits.available_permits();
        Hashes {
            running: number(self.concurrency.saturating_sub(free)),
            waiting: number(self.waiting.load(Ordering::Acquire)),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hasher) -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let Some(_place) = Place::take(&self.inside, self.places) else {
            self.meters.hash_refused();
            return Err(Trouble::Busy);
        };
        let permit = {
            let _waits = Place::take(&self.waiting, usize::MAX);
            Arc::clone(&self.permits).acquire_owned().await
        };
        let permit = permit.map_err(|closed| Trouble::Internal(closed.to_string()))?;
        let hasher = Arc::clone(&self.hasher);
        // The permit goes with the work: a request that is given up still holds its memory.
        let work = move || {
            let _permit = permit;
            work(&hasher)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Trouble::Internal(error.to_string()))
    }
}

/// A place at a hash or in the queue for one, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(inside: &'a AtomicUsize, places: usize) -> Option<Self> {
        let before = inside.fetch_add(1, Ordering::AcqRel);
        let place = Self(inside);
        (before < places).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Provider {
    /// Checks a password against a stored hash; without one, does the same work in vain, so that
    /// an unknown name takes as long as a wrong password.
    pub(super) async fn check_password(
        &self,
        password: String,
        stored: Option<String>,
    ) -> Result<Verdict, Trouble> {
        let password = zeroize::Zeroizing::new(password);
        self.hashing
            .run(move |hasher| match stored {
                Some(phc) => hasher.verify(password.as_bytes(), &phc),
                None => hasher.verify_nobody(password.as_bytes()),
            })
            .await
    }

    /// Hashes a password with the present parameters.
    pub async fn hash_password(&self, password: String) -> Result<String, Trouble> {
        let password = zeroize::Zeroizing::new(password);
        let entropy = self.entropy.clone();
        let hashed = self
            .hashing
            .run(move |hasher| {
                hasher
                    .hash(password.as_bytes(), &entropy)
                    .map_err(|error| error.to_string())
            })
            .await?;
        hashed.map_err(Trouble::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_bounded_and_places_come_back() {
        let inside = AtomicUsize::new(0);
        let first = Place::take(&inside, 2);
        let second = Place::take(&inside, 2);
        assert!(first.is_some() && second.is_some());
        assert!(Place::take(&inside, 2).is_none());
        drop(first);
        assert!(Place::take(&inside, 2).is_some());
    }
}
