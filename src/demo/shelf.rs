//! A bounded memory whose things go stale: for sessions, attempts, and what was seen before.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;

/// Things by name, each kept for a while, no more than so many at once: what anybody may cause to
/// be remembered must not fill the memory.
pub(super) struct Shelf<V> {
    keep: Duration,
    most: usize,
    things: HashMap<String, (Timestamp, V)>,
}

impl<V> Shelf<V> {
    pub(super) fn new(keep: Duration, most: usize) -> Self {
        Self {
            keep,
            most,
            things: HashMap::new(),
        }
    }

    /// Puts a thing there. What is stale goes, and if that is not enough, the oldest.
    pub(super) fn put(&mut self, name: String, thing: V, now: Timestamp) {
        let keep = self.keep;
        self.things.retain(|_, (at, _)| now.since(*at) < keep);
        if self.things.len() >= self.most
            && let Some(oldest) = self.oldest()
        {
            self.things.remove(&oldest);
        }
        self.things.insert(name, (now, thing));
    }

    pub(super) fn get(&self, name: &str, now: Timestamp) -> Option<&V> {
        let (at, thing) = self.things.get(name)?;
        (now.since(*at) < self.keep).then_some(thing)
    }

    pub(super) fn get_mut(&mut self, name: &str, now: Timestamp) -> Option<&mut V> {
        let keep = self.keep;
        let (at, thing) = self.things.get_mut(name)?;
        (now.since(*at) < keep).then_some(thing)
    }

    pub(super) fn take(&mut self, name: &str, now: Timestamp) -> Option<V> {
        let (at, thing) = self.things.remove(name)?;
        (now.since(at) < self.keep).then_some(thing)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.things.values_mut().map(|(_, thing)| thing)
    }

    fn oldest(&self) -> Option<String> {
        let oldest = self.things.iter().min_by_key(|(_, (at, _))| *at);
        oldest.map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn stale_things_are_gone() {
        let mut shelf = Shelf::new(Duration::from_secs(10), 5);
        shelf.put("a".to_owned(), 1, at(0));
        assert_eq!(shelf.get("a", at(9)), Some(&1));
        assert_eq!(shelf.get("a", at(10)), None);
        assert_eq!(shelf.get_mut("a", at(10)), None);
        assert_eq!(shelf.take("a", at(10)), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut shelf = Shelf::new(Duration::from_secs(100), 2);
        for (second, name) in ["a", "b", "c"].into_iter().enumerate() {
            shelf.put(name.to_owned(), name, at(i64::try_from(second).unwrap()));
        }
        assert_eq!(shelf.get("a", at(3)), None);
        assert_eq!(shelf.get("b", at(3)), Some(&"b"));
        assert_eq!(shelf.take("c", at(3)), Some("c"));
    }
}
