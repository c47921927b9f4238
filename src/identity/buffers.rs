//! The memory that argon2 works in: a fixed number of buffers, lent and taken back.
//!
//! Fresh memory costs page faults at every hash, and unbounded memory is what a burst of sign-ins
//! asks for. A buffer is made at its first use, so a server at rest holds none.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use argon2::Block;

/// At most `limit` buffers of `blocks` KiB each.
pub(super) struct Buffers {
    blocks: usize,
    limit: usize,
    stock: Mutex<Stock>,
    returned: Condvar,
}

#[derive(Default)]
struct Stock {
    idle: Vec<Vec<Block>>,
    made: usize,
}

/// A buffer on loan; wiped and given back when dropped.
pub(super) struct Lent<'a> {
    from: &'a Buffers,
    blocks: Vec<Block>,
}

impl Buffers {
    /// None is made yet. A limit of zero counts as one.
    pub(super) fn new(blocks: usize, limit: usize) -> Self {
        Self {
            blocks,
            limit: limit.max(1),
            stock: Mutex::new(Stock::default()),
            returned: Condvar::new(),
        }
    }

    /// How many may be on loan at once.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// A buffer of at least `least` blocks; waits while all are on loan.
    pub(super) fn lend(&self, least: usize) -> Lent<'_> {
        let mut lent = Lent {
            from: self,
            blocks: self.take(),
        };
        // A stored hash may ask for more than today's parameters do.
        let size = least.max(self.blocks);
        lent.blocks.resize(size, Block::new());
        lent
    }

    fn take(&self) -> Vec<Block> {
        let stock = self.lock();
        let mut stock = self
            .returned
            .wait_while(stock, |stock| {
                stock.idle.is_empty() && stock.made >= self.limit
            })
            .unwrap_or_else(PoisonError::into_inner);
        stock.idle.pop().unwrap_or_else(|| {
            stock.made += 1;
            Vec::new()
        })
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent<'_> {
    /// The memory.
    pub(super) fn memory(&mut self) -> &mut [Block] {
        &mut self.blocks
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut blocks = std::mem::take(&mut self.blocks);
        // The last pass can be undone from the blocks it leaves behind, and the first blocks of
        // the first pass are a quick hash of the password (RFC 9106, 3.2): a memory dump would
        // allow guessing without argon2's cost.
        blocks.fill(Block::new());
        blocks.truncate(self.from.blocks);
        blocks.shrink_to_fit();
        self.from.lock().idle.push(blocks);
        self.from.returned.notify_one();
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers")
            .field("blocks", &self.blocks)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(buffers: &Buffers) -> usize {
        buffers.lock().made
    }

    fn is_wiped(blocks: &[Block]) -> bool {
        blocks
            .iter()
            .all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn none_is_made_before_it_is_needed_and_one_serves_again() {
        let buffers = Buffers::new(8, 2);
        assert_eq!(made(&buffers), 0);
        for _ in 0..3 {
            assert_eq!(buffers.lend(8).memory().len(), 8);
        }
        assert_eq!(made(&buffers), 1);
    }

    #[test]
    fn what_was_written_is_wiped_and_what_was_grown_is_cut() {
        let buffers = Buffers::new(8, 1);
        for asked in [8, 32, 4] {
            let mut lent = buffers.lend(asked);
            assert_eq!(lent.memory().len(), asked.max(8));
            assert!(is_wiped(lent.memory()), "{asked}");
            for block in lent.memory() {
                block.as_mut().fill(u64::MAX);
            }
            drop(lent);
            assert!(
                buffers.lock().idle.iter().all(|idle| idle.len() == 8),
                "{asked}"
            );
        }
    }

    #[test]
    fn more_callers_than_buffers_take_turns() {
        let buffers = Buffers::new(8, 2);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    buffers.lend(8).memory().fill(Block::new());
                });
            }
        });
        let stock = buffers.lock();
        assert!(stock.made <= 2);
        assert_eq!(stock.idle.len(), stock.made);
    }
}
