//! loops.rs: the measured kernels of harness/loops.h, line for line in Rust, so that an operation of
//! a Rust queue is no call across the border of two languages: it is compiled into the loop as a
//! program in Rust would have it. What `rust_null` measures beside `null_queue` is the difference
//! between the two compilers.

use crate::abi::*;
use crate::queue::{Handle, Item, Queue, Refusal};
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::Relaxed;

use layout::{BATCH_MAX, KEY_NUMBER_BITS, KEY_NUMBER_MASK};

/// The same number, in a general register. LLVM would pack two counts of a loop into a vector
/// register, of which none survives a call: because of the cold path it would then live in memory.
#[inline(always)]
fn scalar(number: u64) -> u64 {
    let mut same = number;
    // SAFETY: no instruction.
    unsafe {
        core::arch::asm!("/* {} */", inout(reg) same,
                         options(pure, nomem, nostack, preserves_flags));
    }
    same
}

/// What a consumer keeps in registers while it checks.
pub struct Checked {
    pub popped: u64,
    sum: u64,
    disorder: u64,
    torn: u64,
    last: *mut u64,
}

impl Checked {
    #[inline(always)]
    pub unsafe fn begin(w: *const Worker) -> Self {
        Checked { popped: 0, sum: 0, disorder: 0, torn: 0, last: (*w).last }
    }

    #[inline(always)]
    pub unsafe fn check<T: Item>(&mut self, item: &T) {
        let key = item.key();
        let number = key & KEY_NUMBER_MASK;
        let last = self.last.add((key >> KEY_NUMBER_BITS) as usize);
        self.disorder += (number <= *last) as u64;
        self.torn = scalar(self.torn + !item.intact() as u64);
        self.sum = scalar(self.sum.wrapping_add(key));
        self.popped += 1;
        *last = number;
    }

    pub unsafe fn end(&self, w: *mut Worker) {
        (*w).popped += self.popped;
        (*w).sum_popped = (*w).sum_popped.wrapping_add(self.sum);
        (*w).disorder += self.disorder;
        (*w).torn += self.torn;
    }
}

pub unsafe fn pushed_end(w: *mut Worker, items: u64, sum: u64) {
    (*w).end = ticks_fenced();
    (*w).pushed += items;
    (*w).sum_pushed = (*w).sum_pushed.wrapping_add(sum);
}

#[inline(always)]
pub unsafe fn source_of(w: *const Worker) -> u64 {
    (*w).producer << KEY_NUMBER_BITS
}

#[inline(always)]
pub unsafe fn stopped(w: *const Worker) -> bool {
    (*(*w).stop).load(Relaxed)
}

/// After an answer that is not OK: counts it and relaxes. None when there is no point in another
/// try, else the spins so far. Out of line: inlined, it takes registers away from the loop.
#[cold]
#[inline(never)]
pub unsafe fn again(w: *mut Worker, got: Refusal, expected: Refusal, spins: u32) -> Option<u32> {
    if got != expected {
        if got != Refusal::Closed || expected != Refusal::Empty {
            (*w).other += 1;
            (*w).failed_status = got as i32;
        }
        return None;
    }
    if stopped(w) {
        return None;
    }
    if expected == Refusal::Full {
        (*w).full += 1;
    } else {
        (*w).empty += 1;
    }
    let mut spins = spins;
    relax(&mut spins);
    Some(spins)
}

/// The queue in the memory that C gave it: a pointer to it (driver.rs).
#[inline(always)]
pub unsafe fn queue_at<'a, Q>(memory: *mut std::os::raw::c_void) -> &'a Q {
    &**(memory as *const *const Q)
}

// ---- throughput ---------------------------------------------------------------------------------

/// Pushes one item for certain; false when the run was abandoned.
#[inline(always)]
pub unsafe fn push_one<T: Item, Q: Queue<T>>(
    w: *mut Worker,
    q: &Q,
    h: *mut Handle<Q::Own>,
    item: T,
) -> bool {
    let mut spins = 0;
    loop {
        match q.push(h, item) {
            Ok(()) => return true,
            Err(refusal) => match again(w, refusal, Refusal::Full, spins) {
                Some(more) => spins = more,
                None => return false,
            },
        }
    }
}

/// Pops one item for certain; None when closed or abandoned.
#[inline(always)]
pub unsafe fn pop_one<T: Item, Q: Queue<T>>(
    w: *mut Worker,
    q: &Q,
    h: *mut Handle<Q::Own>,
) -> Option<T> {
    let mut spins = 0;
    loop {
        match q.pop(h) {
            Ok(item) => return Some(item),
            Err(refusal) => spins = again(w, refusal, Refusal::Empty, spins)?,
        }
    }
}

pub unsafe extern "C" fn produce<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let (n, batch, source) = ((*w).n, (*w).batch, source_of(w));
    let (mut sum, mut i) = (0u64, 0u64);
    (*w).start = ticks_fenced();
    if batch == 1 {
        while i < n {
            let key = source | (i + 1);
            if !push_one(w, q, h, T::of(key)) {
                break;
            }
            sum = sum.wrapping_add(key);
            i += 1;
        }
    } else {
        let mut room = MaybeUninit::<[T; BATCH_MAX]>::uninit();
        let items = room.as_mut_ptr() as *mut T;
        while i < n {
            let want = (n - i).min(batch) as usize;
            for k in 0..want {
                let key = source | (i + k as u64 + 1);
                items.add(k).write(T::of(key));
                sum = sum.wrapping_add(key);
            }
            let filled = std::slice::from_raw_parts(items, want);
            let mut done = q.push_n(h, filled);
            let mut spins = 0;
            while done < want {
                match again(w, Refusal::Full, Refusal::Full, spins) {
                    Some(more) => spins = more,
                    None => break,
                }
                done += q.push_n(h, &filled[done..]);
            }
            i += done as u64;
            if done < want {
                break;
            }
        }
    }
    pushed_end(w, i, sum);
}

pub unsafe extern "C" fn consume<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let (n, batch) = ((*w).n, (*w).batch);
    let mut c = Checked::begin(w);
    (*w).start = ticks_fenced();
    if batch == 1 {
        while c.popped < n {
            match pop_one::<T, Q>(w, q, h) {
                Some(item) => c.check(&item),
                None => break,
            }
        }
    } else {
        let mut room = MaybeUninit::<[T; BATCH_MAX]>::uninit();
        let items = room.as_mut_ptr() as *mut T;
        while c.popped < n {
            let got = q.pop_n(h, items, (n - c.popped).min(batch) as usize);
            for k in 0..got {
                c.check(&*items.add(k));
            }
            if got == 0 {
                // Wait for one; it also tells empty from closed.
                match pop_one::<T, Q>(w, q, h) {
                    Some(item) => c.check(&item),
                    None => break,
                }
            }
        }
    }
    (*w).end = ticks_fenced();
    c.end(w);
}

pub unsafe extern "C" fn pairs<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let (n, source) = ((*w).n, source_of(w));
    let mut c = Checked::begin(w);
    let (mut sum, mut i) = (0u64, 0u64);
    (*w).start = ticks_fenced();
    while i < n {
        let key = source | (i + 1);
        if !push_one(w, q, h, T::of(key)) {
            break;
        }
        sum = sum.wrapping_add(key);
        i += 1;
        match pop_one::<T, Q>(w, q, h) {
            Some(item) => c.check(&item),
            None => break,
        }
    }
    pushed_end(w, i, sum);
    c.end(w);
}

pub unsafe extern "C" fn fill_drain<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let (n, depth, source) = ((*w).n, (*w).depth, source_of(w));
    let mut c = Checked::begin(w);
    let (mut sum, mut i) = (0u64, 0u64);
    let mut go = true;
    (*w).start = ticks_fenced();
    while go && i < n {
        let want = (n - i).min(depth);
        let mut done = 0;
        while done < want {
            let key = source | (i + done + 1);
            go = push_one(w, q, h, T::of(key));
            if !go {
                break;
            }
            sum = sum.wrapping_add(key);
            done += 1;
        }
        i += done;
        while done > 0 {
            match pop_one::<T, Q>(w, q, h) {
                Some(item) => c.check(&item),
                None => {
                    go = false;
                    break;
                }
            }
            done -= 1;
        }
    }
    pushed_end(w, i, sum);
    c.end(w);
}

/// One item goes out through `queue` and comes back through `back`.
pub unsafe extern "C" fn ping<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let (out, back): (&Q, &Q) = (queue_at((*w).queue), queue_at((*w).back));
    let ho = (*w).handle as *mut Handle<Q::Own>;
    let hb = (*w).back_handle as *mut Handle<Q::Own>;
    let source = source_of(w);
    let mut c = Checked::begin(w);
    let (mut sum, mut i) = (0u64, 0u64);
    (*w).start = ticks_fenced();
    while i < (*w).n {
        let key = source | (i + 1);
        if !push_one(w, out, ho, T::of(key)) {
            break;
        }
        sum = sum.wrapping_add(key);
        match pop_one::<T, Q>(w, back, hb) {
            Some(item) => c.check(&item),
            None => break,
        }
        i += 1;
    }
    pushed_end(w, i, sum);
    c.end(w);
}

pub unsafe extern "C" fn pong<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let (out, back): (&Q, &Q) = (queue_at((*w).queue), queue_at((*w).back));
    let ho = (*w).handle as *mut Handle<Q::Own>;
    let hb = (*w).back_handle as *mut Handle<Q::Own>;
    (*w).start = ticks_fenced();
    for _ in 0..(*w).n {
        match pop_one::<T, Q>(w, out, ho) {
            Some(item) if push_one(w, back, hb, item) => {}
            _ => break,
        }
    }
    (*w).end = ticks_fenced();
}
