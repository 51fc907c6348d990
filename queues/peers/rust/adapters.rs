//! adapters.rs: the peers behind trait Queue.
//!
//! Queues that cannot be closed get a flag that only a pop that found nothing looks at: after it one
//! more try, for a push may have ended in between. Channels are closed as in any Rust program: by
//! dropping the sender. That allows no push to race with close (traits: close_any is false).

use crate::queue::{Handle, Item, Queue, Refusal, Refusal::*};
use concurrent_queue::{ConcurrentQueue, PopError, PushError};
use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender};
use crossbeam_channel::{TryRecvError, TrySendError};
use crossbeam_queue::{ArrayQueue, SegQueue};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::mem::size_of;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::Mutex;
use std::time::Duration;

/// Bytes of n slots of a bounded queue: crossbeam's and concurrent-queue's are a stamp and an item.
fn slots<T>(n: usize) -> Option<usize> {
    n.checked_mul(size_of::<(AtomicUsize, T)>())
}

// ---- queues without an end ----------------------------------------------------------------------

pub trait Endless<T: Item>: Sized {
    fn new(capacity: usize) -> Self;
    fn capacity(&self) -> usize {
        0
    }
    fn bytes(&self) -> Option<usize> {
        None
    }
    fn needs(_capacity: usize) -> Option<usize> {
        Some(0)
    }
    fn push(&self, item: T) -> Result<(), T>;
    fn pop(&self) -> Option<T>;
    fn push_n(&self, items: &[T]) -> usize {
        items.iter().take_while(|item| self.push(**item).is_ok()).count()
    }
    /// # Safety
    /// There is room for n items at `items`.
    unsafe fn pop_n(&self, items: *mut T, n: usize) -> usize {
        for i in 0..n {
            match self.pop() {
                Some(item) => items.add(i).write(item),
                None => return i,
            }
        }
        n
    }
}

impl<T: Item> Endless<T> for SegQueue<T> {
    fn new(_capacity: usize) -> Self {
        SegQueue::new()
    }
    #[inline(always)]
    fn push(&self, item: T) -> Result<(), T> {
        SegQueue::push(self, item);
        Ok(())
    }
    #[inline(always)]
    fn pop(&self) -> Option<T> {
        SegQueue::pop(self)
    }
}

impl<T: Item> Endless<T> for ArrayQueue<T> {
    fn new(capacity: usize) -> Self {
        ArrayQueue::new(capacity)
    }
    fn capacity(&self) -> usize {
        ArrayQueue::capacity(self)
    }
    fn bytes(&self) -> Option<usize> {
        slots::<T>(ArrayQueue::capacity(self))
    }
    fn needs(capacity: usize) -> Option<usize> {
        slots::<T>(capacity)
    }
    #[inline(always)]
    fn push(&self, item: T) -> Result<(), T> {
        ArrayQueue::push(self, item)
    }
    #[inline(always)]
    fn pop(&self) -> Option<T> {
        ArrayQueue::pop(self)
    }
}

impl<T: Item> Endless<T> for Mutex<VecDeque<T>> {
    fn new(_capacity: usize) -> Self {
        Mutex::new(VecDeque::new())
    }
    /// The buffer grows and never shrinks.
    fn bytes(&self) -> Option<usize> {
        Some(self.lock().unwrap().capacity() * size_of::<T>())
    }
    #[inline(always)]
    fn push(&self, item: T) -> Result<(), T> {
        self.lock().unwrap().push_back(item);
        Ok(())
    }
    #[inline(always)]
    fn pop(&self) -> Option<T> {
        self.lock().unwrap().pop_front()
    }
    #[inline(always)]
    fn push_n(&self, items: &[T]) -> usize {
        self.lock().unwrap().extend(items);
        items.len()
    }
    #[inline(always)]
    unsafe fn pop_n(&self, items: *mut T, n: usize) -> usize {
        let mut deque = self.lock().unwrap();
        let got = n.min(deque.len());
        for (i, item) in deque.drain(..got).enumerate() {
            items.add(i).write(item);
        }
        got
    }
}

/// On a line of its own: consumers that wait look at it.
#[repr(align(128))]
struct Flag(AtomicBool);

pub struct Closable<E> {
    queue: E,
    closed: Flag,
}

impl<E> Closable<E> {
    #[cold]
    fn ended<T: Item>(&self) -> Result<T, Refusal>
    where
        E: Endless<T>,
    {
        if self.closed.0.load(Acquire) {
            self.queue.pop().ok_or(Closed)
        } else {
            Err(Empty)
        }
    }
}

impl<T: Item, E: Endless<T>> Queue<T> for Closable<E> {
    type Own = ();

    fn new(capacity: usize) -> Self {
        Closable { queue: E::new(capacity), closed: Flag(AtomicBool::new(false)) }
    }
    fn capacity(&self) -> usize {
        self.queue.capacity()
    }
    fn bytes(&self) -> Option<usize> {
        Some(self.queue.bytes()? + size_of::<Self>())
    }
    fn needs(capacity: usize) -> Option<usize> {
        E::needs(capacity)
    }
    fn close(&self) {
        self.closed.0.store(true, Release);
    }
    #[inline(always)]
    fn push(&self, _h: *mut Handle<()>, item: T) -> Result<(), Refusal> {
        self.queue.push(item).map_err(|_| Full)
    }
    #[inline(always)]
    fn pop(&self, _h: *mut Handle<()>) -> Result<T, Refusal> {
        match self.queue.pop() {
            Some(item) => Ok(item),
            None => self.ended(),
        }
    }
    #[inline(always)]
    fn push_n(&self, _h: *mut Handle<()>, items: &[T]) -> usize {
        self.queue.push_n(items)
    }
    #[inline(always)]
    unsafe fn pop_n(&self, _h: *mut Handle<()>, items: *mut T, n: usize) -> usize {
        self.queue.pop_n(items, n)
    }
}

// ---- concurrent-queue: it knows how to close ----------------------------------------------------

pub struct Concurrent<T, const BOUNDED: bool>(ConcurrentQueue<T>);

impl<T: Item, const BOUNDED: bool> Queue<T> for Concurrent<T, BOUNDED> {
    type Own = ();

    fn new(capacity: usize) -> Self {
        Concurrent(if BOUNDED {
            ConcurrentQueue::bounded(capacity)
        } else {
            ConcurrentQueue::unbounded()
        })
    }
    fn capacity(&self) -> usize {
        self.0.capacity().unwrap_or(0)
    }
    fn bytes(&self) -> Option<usize> {
        Some(slots::<T>(self.0.capacity()?)? + size_of::<Self>())
    }
    fn needs(capacity: usize) -> Option<usize> {
        slots::<T>(if BOUNDED { capacity } else { 0 })
    }
    fn close(&self) {
        self.0.close();
    }
    #[inline(always)]
    fn push(&self, _h: *mut Handle<()>, item: T) -> Result<(), Refusal> {
        self.0.push(item).map_err(|e| match e {
            PushError::Full(_) => Full,
            PushError::Closed(_) => Closed,
        })
    }
    #[inline(always)]
    fn pop(&self, _h: *mut Handle<()>) -> Result<T, Refusal> {
        self.0.pop().map_err(|e| match e {
            PopError::Empty => Empty,
            PopError::Closed => Closed,
        })
    }
}

// ---- crossbeam-channel --------------------------------------------------------------------------

pub struct Channel<T, const BOUNDED: bool> {
    sender: UnsafeCell<Option<Sender<T>>>, // dropped by close, after the last push
    receiver: Receiver<T>,
    closed: AtomicBool,
}

// SAFETY: the sender changes only in the one close, with which no push races (close_any is false).
unsafe impl<T: Send, const BOUNDED: bool> Sync for Channel<T, BOUNDED> {}

impl<T: Item, const BOUNDED: bool> Channel<T, BOUNDED> {
    #[inline(always)]
    fn sender(&self) -> Result<&Sender<T>, Refusal> {
        // SAFETY: see Sync.
        unsafe { (*self.sender.get()).as_ref() }.ok_or(Closed)
    }
}

impl<T: Item, const BOUNDED: bool> Queue<T> for Channel<T, BOUNDED> {
    type Own = ();

    fn new(capacity: usize) -> Self {
        let (sender, receiver) = if BOUNDED {
            crossbeam_channel::bounded(capacity)
        } else {
            crossbeam_channel::unbounded()
        };
        Channel { sender: UnsafeCell::new(Some(sender)), receiver, closed: AtomicBool::new(false) }
    }
    fn capacity(&self) -> usize {
        self.receiver.capacity().unwrap_or(0)
    }
    fn bytes(&self) -> Option<usize> {
        Some(slots::<T>(self.receiver.capacity()?)? + size_of::<Self>())
    }
    fn needs(capacity: usize) -> Option<usize> {
        slots::<T>(if BOUNDED { capacity } else { 0 })
    }
    fn close(&self) {
        if !self.closed.swap(true, AcqRel) {
            // SAFETY: see Sync.
            unsafe { *self.sender.get() = None };
        }
    }
    #[inline(always)]
    fn push(&self, _h: *mut Handle<()>, item: T) -> Result<(), Refusal> {
        self.sender()?.try_send(item).map_err(|e| match e {
            TrySendError::Full(_) => Full,
            TrySendError::Disconnected(_) => Closed,
        })
    }
    #[inline(always)]
    fn pop(&self, _h: *mut Handle<()>) -> Result<T, Refusal> {
        self.receiver.try_recv().map_err(|e| match e {
            TryRecvError::Empty => Empty,
            TryRecvError::Disconnected => Closed,
        })
    }
    fn push_wait(&self, h: *mut Handle<()>, item: T, ns: u64) -> Result<(), Refusal> {
        match self.push(h, item) {
            Err(Full) if ns == 0 => Err(TimedOut),
            Err(Full) => self.sleep_push(h, item, Duration::from_nanos(ns)),
            answer => answer,
        }
    }
    fn pop_wait(&self, h: *mut Handle<()>, ns: u64) -> Result<T, Refusal> {
        match self.pop(h) {
            Err(Empty) if ns == 0 => Err(TimedOut),
            Err(Empty) => self.sleep_pop(h, Duration::from_nanos(ns)),
            answer => answer,
        }
    }
}

impl<T: Item, const BOUNDED: bool> Channel<T, BOUNDED> {
    /// The channel spins a little and then parks; that it did is not told, so each call counts.
    #[inline(never)]
    fn sleep_push(&self, h: *mut Handle<()>, item: T, longest: Duration) -> Result<(), Refusal> {
        // SAFETY: the handle is this thread's.
        unsafe { (*h).counts.parks += 1 };
        self.sender()?.send_timeout(item, longest).map_err(|e| match e {
            SendTimeoutError::Timeout(_) => TimedOut,
            SendTimeoutError::Disconnected(_) => Closed,
        })
    }
    #[inline(never)]
    fn sleep_pop(&self, h: *mut Handle<()>, longest: Duration) -> Result<T, Refusal> {
        // SAFETY: the handle is this thread's.
        unsafe { (*h).counts.parks += 1 };
        self.receiver.recv_timeout(longest).map_err(|e| match e {
            RecvTimeoutError::Timeout => TimedOut,
            RecvTimeoutError::Disconnected => Closed,
        })
    }
}

// ---- the floor ----------------------------------------------------------------------------------

/// null_queue.h: one slot in the handle, one thread, no synchronization.
pub struct Null<T>(PhantomData<T>);

pub struct Slot<T> {
    item: T,
    full: bool,
}

impl<T: Item> Default for Slot<T> {
    fn default() -> Self {
        Slot { item: T::of(1), full: false }
    }
}

impl<T: Item> Queue<T> for Null<T> {
    type Own = Slot<T>;

    fn new(_capacity: usize) -> Self {
        Null(PhantomData)
    }
    fn capacity(&self) -> usize {
        1
    }
    fn bytes(&self) -> Option<usize> {
        None
    }
    fn needs(_capacity: usize) -> Option<usize> {
        Some(0)
    }
    fn close(&self) {}
    #[inline(always)]
    fn push(&self, h: *mut Handle<Slot<T>>, item: T) -> Result<(), Refusal> {
        // SAFETY: the handle is this thread's.
        unsafe {
            if (*h).own.full {
                return Err(Full);
            }
            (*h).own.item = item;
            (*h).own.full = true;
        }
        Ok(())
    }
    #[inline(always)]
    fn pop(&self, h: *mut Handle<Slot<T>>) -> Result<T, Refusal> {
        // SAFETY: the handle is this thread's.
        unsafe {
            if !(*h).own.full {
                return Err(Empty);
            }
            (*h).own.full = false;
            Ok((*h).own.item)
        }
    }
}
