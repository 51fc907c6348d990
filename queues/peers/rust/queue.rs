//! queue.rs: what the measured loops ask of an item and of a queue.

use crate::abi::{layout, relax, Counts};
use std::time::{Duration, Instant};

// ---- items: queues/queue.h, q_item --------------------------------------------------------------

pub trait Item: Copy + Send + 'static {
    fn of(key: u64) -> Self;
    fn key(&self) -> u64;
    /// All of it was written by one push.
    fn intact(&self) -> bool;
}

impl Item for u64 {
    #[inline(always)]
    fn of(key: u64) -> Self {
        key
    }
    #[inline(always)]
    fn key(&self) -> u64 {
        *self
    }
    #[inline(always)]
    fn intact(&self) -> bool {
        *self != 0
    }
}

const WORDS: usize = 8;

/// 64 bytes: the key first, the rest derived from it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Record([u64; WORDS]);

impl Item for Record {
    #[inline(always)]
    fn of(key: u64) -> Self {
        let mut word = [0; WORDS];
        for (i, w) in word.iter_mut().enumerate() {
            *w = key ^ i as u64;
        }
        Record(word)
    }
    #[inline(always)]
    fn key(&self) -> u64 {
        self.0[0]
    }
    #[inline(always)]
    fn intact(&self) -> bool {
        self.0[WORDS - 1] ^ (WORDS as u64 - 1) == self.0[0]
    }
}

// ---- queues -------------------------------------------------------------------------------------

/// Why nothing was pushed or popped: the answers of enum q_status that are not OK.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    Full = layout::FULL,
    Empty = layout::EMPTY,
    Closed = layout::CLOSED,
    TimedOut = layout::TIMEOUT,
}
use Refusal::*;

/// One thread's part in a queue; C allocates it and reads the counts at its beginning.
#[repr(C)]
pub struct Handle<O> {
    pub counts: Counts,
    pub own: O,
}

/// `h` is a raw pointer as in C: with `&mut` the compiler could keep a handle's fields in registers
/// across the items of a loop, which the C loops cannot.
pub trait Queue<T: Item>: Sized {
    /// What a handle holds: nothing, but for the floor.
    type Own: Default;

    fn new(capacity: usize) -> Self;
    /// 0: unbounded.
    fn capacity(&self) -> usize;
    /// Bytes held now, which are also the most so far; None: it cannot be known from outside.
    fn bytes(&self) -> Option<usize>;
    /// Bytes that `new` will allocate, to find out before it aborts; None: absurd.
    fn needs(capacity: usize) -> Option<usize>;
    fn close(&self);

    fn push(&self, h: *mut Handle<Self::Own>, item: T) -> Result<(), Refusal>;
    fn pop(&self, h: *mut Handle<Self::Own>) -> Result<T, Refusal>;

    #[inline(always)]
    fn push_n(&self, h: *mut Handle<Self::Own>, items: &[T]) -> usize {
        items.iter().take_while(|item| self.push(h, **item).is_ok()).count()
    }
    /// # Safety
    /// There is room for n items at `items`.
    #[inline(always)]
    unsafe fn pop_n(&self, h: *mut Handle<Self::Own>, items: *mut T, n: usize) -> usize {
        for i in 0..n {
            match self.pop(h) {
                Ok(item) => items.add(i).write(item),
                Err(_) => return i,
            }
        }
        n
    }

    /// TimedOut after so many nanoseconds; at once when there are none.
    fn push_wait(&self, h: *mut Handle<Self::Own>, item: T, ns: u64) -> Result<(), Refusal> {
        match self.push(h, item) {
            Err(Full) => poll(h, Full, ns, || self.push(h, item)),
            answer => answer,
        }
    }
    fn pop_wait(&self, h: *mut Handle<Self::Own>, ns: u64) -> Result<T, Refusal> {
        match self.pop(h) {
            Err(Empty) => poll(h, Empty, ns, || self.pop(h)),
            answer => answer,
        }
    }
}

/// Waiting for queues that have none of their own: spin, yield, then look again after ever longer
/// naps, up to a millisecond. No measured loop runs through here.
fn poll<O, R>(
    h: *mut Handle<O>,
    again: Refusal,
    ns: u64,
    mut attempt: impl FnMut() -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let start = Instant::now();
    let patience = Duration::from_nanos(ns);
    let mut spins = 0;
    let mut looks = 0;
    let mut nap = Duration::from_micros(10);
    loop {
        match attempt() {
            Err(refusal) if refusal == again => {}
            answer => return answer,
        }
        let waited = start.elapsed();
        if ns != layout::FOREVER && waited >= patience {
            return Err(TimedOut);
        }
        if looks < layout::SPINS_MAX + layout::YIELDS {
            looks += 1;
            relax(&mut spins);
        } else {
            // SAFETY: the handle is this thread's.
            unsafe { (*h).counts.parks += 1 };
            std::thread::sleep(nap.min(patience - waited));
            nap = (nap * 2).min(Duration::from_millis(1));
        }
    }
}
