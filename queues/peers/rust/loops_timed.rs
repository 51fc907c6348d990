//! loops_timed.rs: the kernels of harness/loops.h that measure latency, as loops.rs.
//!
//! In timed runs a key's number is twice a time stamp (ticks after the epoch) plus one; an even
//! number marks an item that carries no time and only keeps its producer's order.

use crate::abi::*;
use crate::loops::{again, pop_one, push_one, pushed_end, queue_at, source_of, stopped, Checked};
use crate::queue::{Handle, Item, Queue, Refusal};

use layout::KEY_NUMBER_MASK;

#[inline(always)]
fn later(number: u64, last: u64) -> u64 {
    if number > last {
        number
    } else {
        last + 2 - ((last ^ number) & 1)
    }
}

#[inline(always)]
unsafe fn histogram_add(h: *mut Histogram, value: u64) {
    if !h.is_null() {
        rust_histogram_add(h, value);
    }
}

pub unsafe extern "C" fn produce_timed<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let (n, source, sample) = ((*w).n, source_of(w), (*w).sample);
    let (mut sum, mut i, mut number, mut countdown) = (0u64, 0u64, 0u64, 1u64);
    (*w).start = ticks_fenced();
    while i < n {
        countdown -= 1;
        let timed = countdown == 0;
        let mut before = 0;
        if timed {
            countdown = sample;
            before = ticks_fenced();
            number = later(before.wrapping_sub((*w).epoch) << 1 | 1, number);
        } else {
            number = (number | 1) + 1;
        }
        let key = source | number;
        if !push_one(w, q, h, T::of(key)) {
            break;
        }
        if timed {
            let after = ticks_fenced();
            histogram_add((*w).push_ticks, after - before);
        }
        sum = sum.wrapping_add(key);
        i += 1;
    }
    pushed_end(w, i, sum);
}

pub unsafe extern "C" fn produce_paced<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let (n, source) = ((*w).n, source_of(w));
    let (mut sum, mut i, mut number, mut countdown) = (0u64, 0u64, 0u64, 1u64);
    (*w).start = ticks_fenced();
    while i < n {
        let wished = *(*w).schedule.add(i as usize);
        let due = (*w).epoch + wished;
        let mut spins = 0;
        while ticks() < due && !stopped(w) {
            relax(&mut spins);
        }
        countdown -= 1;
        let timed = countdown == 0;
        number = later(wished << 1 | timed as u64, number);
        let key = source | number;
        let before = if timed { ticks_fenced() } else { 0 };
        if !push_one(w, q, h, T::of(key)) {
            break;
        }
        if timed {
            countdown = (*w).sample;
            let after = ticks_fenced();
            histogram_add((*w).push_ticks, after - before);
        }
        sum = sum.wrapping_add(key);
        i += 1;
    }
    pushed_end(w, i, sum);
}

pub unsafe extern "C" fn consume_timed<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let mut c = Checked::begin(w);
    let mut countdown = 1u64;
    let mut spins = 0;
    (*w).start = ticks_fenced();
    while c.popped < (*w).n {
        countdown -= 1;
        let timed = countdown == 0;
        let before = if timed { ticks_fenced() } else { 0 };
        let item = match q.pop(h) {
            Ok(item) => item,
            Err(refusal) => {
                if timed {
                    countdown = 1; // an empty answer is not a service time
                }
                match again(w, refusal, Refusal::Empty, spins) {
                    Some(more) => spins = more,
                    None => break,
                }
                continue;
            }
        };
        spins = 0;
        let number = item.key() & KEY_NUMBER_MASK;
        if timed || number & 1 != 0 {
            let now = ticks_fenced();
            if timed {
                histogram_add((*w).pop_ticks, now - before);
            }
            if number & 1 != 0 {
                let born = (*w).epoch + (number >> 1);
                histogram_add((*w).sojourn_ticks, now.saturating_sub(born));
            }
        }
        if timed {
            countdown = (*w).sample;
        }
        c.check(&item);
    }
    (*w).end = ticks_fenced();
    c.end(w);
}

pub unsafe extern "C" fn pairs_timed<T: Item, Q: Queue<T>>(w: *mut Worker) {
    let q: &Q = queue_at((*w).queue);
    let h = (*w).handle as *mut Handle<Q::Own>;
    let (n, source, sample) = ((*w).n, source_of(w), (*w).sample);
    let mut c = Checked::begin(w);
    let (mut sum, mut i, mut number, mut countdown) = (0u64, 0u64, 0u64, 1u64);
    (*w).start = ticks_fenced();
    while i < n {
        countdown -= 1;
        let timed = countdown == 0;
        let before = if timed { ticks_fenced() } else { 0 };
        number = if timed {
            later(before.wrapping_sub((*w).epoch) << 1 | 1, number)
        } else {
            (number | 1) + 1
        };
        let key = source | number;
        if !push_one(w, q, h, T::of(key)) {
            break;
        }
        sum = sum.wrapping_add(key);
        i += 1;
        let between = if timed { ticks_fenced() } else { 0 };
        let got = pop_one::<T, Q>(w, q, h);
        if timed {
            countdown = sample;
            let after = ticks_fenced();
            histogram_add((*w).push_ticks, between - before);
            histogram_add((*w).pop_ticks, after - between);
        }
        match got {
            Some(item) => c.check(&item),
            None => break,
        }
    }
    pushed_end(w, i, sum);
    c.end(w);
}
