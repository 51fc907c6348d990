//! driver.rs: one `struct q_driver` for a queue and an item, as harness/stamp.c makes for C.

use crate::abi::*;
use crate::queue::{Handle, Item, Queue, Refusal};
use crate::{loops, loops_timed};
use std::mem::size_of;
use std::os::raw::{c_char, c_int, c_void};

const EINVAL: c_int = 22;
const ENOMEM: c_int = 12;
const DEFAULT_CAPACITY: usize = 1024;

fn status(answer: Result<(), Refusal>) -> Status {
    match answer {
        Ok(()) => layout::OK,
        Err(refusal) => refusal as Status,
    }
}

// What C gives is memory for a pointer: queues are aligned to more than a cache line, which C need
// not honour, and in Rust they are behind an Arc or a reference too.
unsafe fn at<'a, Q>(q: *const c_void) -> &'a Q {
    &**(q as *const *const Q)
}

unsafe extern "C" fn init<T: Item, Q: Queue<T>>(q: *mut c_void, config: *const Config) -> c_int {
    let capacity = match (*config).capacity {
        0 => DEFAULT_CAPACITY,
        n => n,
    };
    let bytes = match Q::needs(capacity) {
        Some(bytes) if bytes <= isize::MAX as usize && (*config).when_full == layout::REFUSE => {
            bytes
        }
        _ => return EINVAL,
    };
    // Rust ends the program when there is no memory: ask in advance.
    if Vec::<u8>::new().try_reserve_exact(bytes).is_err() {
        return ENOMEM;
    }
    *(q as *mut *mut Q) = Box::into_raw(Box::new(Q::new(capacity)));
    0
}

unsafe extern "C" fn destroy<Q>(q: *mut c_void) {
    drop(Box::from_raw(*(q as *mut *mut Q)));
}

unsafe extern "C" fn attach<T: Item, Q: Queue<T>>(
    _q: *mut c_void,
    h: *mut c_void,
    _: u32,
) -> c_int {
    let fresh = Handle { counts: Counts::default(), own: Q::Own::default() };
    (h as *mut Handle<Q::Own>).write(fresh);
    0
}

unsafe extern "C" fn detach(_q: *mut c_void, _h: *mut c_void) {}

unsafe extern "C" fn push<T: Item, Q: Queue<T>>(
    q: *mut c_void,
    h: *mut c_void,
    item: *const c_void,
) -> Status {
    status(at::<Q>(q).push(h as *mut Handle<Q::Own>, *(item as *const T)))
}

unsafe extern "C" fn pop<T: Item, Q: Queue<T>>(
    q: *mut c_void,
    h: *mut c_void,
    item: *mut c_void,
) -> Status {
    let got = at::<Q>(q).pop(h as *mut Handle<Q::Own>);
    status(got.map(|popped| (item as *mut T).write(popped)))
}

unsafe extern "C" fn push_n<T: Item, Q: Queue<T>>(
    q: *mut c_void,
    h: *mut c_void,
    items: *const c_void,
    n: usize,
) -> usize {
    let items = std::slice::from_raw_parts(items as *const T, n);
    at::<Q>(q).push_n(h as *mut Handle<Q::Own>, items)
}

unsafe extern "C" fn pop_n<T: Item, Q: Queue<T>>(
    q: *mut c_void,
    h: *mut c_void,
    items: *mut c_void,
    n: usize,
) -> usize {
    at::<Q>(q).pop_n(h as *mut Handle<Q::Own>, items as *mut T, n)
}

unsafe extern "C" fn push_wait<T: Item, Q: Queue<T>>(
    q: *mut c_void,
    h: *mut c_void,
    item: *const c_void,
    ns: u64,
) -> Status {
    status(at::<Q>(q).push_wait(h as *mut Handle<Q::Own>, *(item as *const T), ns))
}

unsafe extern "C" fn pop_wait<T: Item, Q: Queue<T>>(
    q: *mut c_void,
    h: *mut c_void,
    item: *mut c_void,
    ns: u64,
) -> Status {
    let got = at::<Q>(q).pop_wait(h as *mut Handle<Q::Own>, ns);
    status(got.map(|popped| (item as *mut T).write(popped)))
}

unsafe extern "C" fn close<T: Item, Q: Queue<T>>(q: *mut c_void, _h: *mut c_void) {
    at::<Q>(q).close();
}

unsafe extern "C" fn capacity<T: Item, Q: Queue<T>>(q: *const c_void) -> usize {
    at::<Q>(q).capacity()
}

unsafe extern "C" fn bytes<T: Item, Q: Queue<T>>(q: *const c_void) -> Bytes {
    let bytes = at::<Q>(q).bytes().map_or(0, |bytes| bytes + size_of::<*const Q>());
    Bytes { now: bytes, peak: bytes }
}

unsafe extern "C" fn make<T: Item>(item: *mut c_void, key: u64) {
    (item as *mut T).write(T::of(key));
}

unsafe extern "C" fn key<T: Item>(item: *const c_void) -> u64 {
    let item = &*(item as *const T);
    if item.intact() {
        item.key()
    } else {
        0
    }
}

pub const fn driver<T: Item, Q: Queue<T>>(name: &'static str, traits: *const Traits) -> Driver {
    Driver {
        abi: layout::DRIVER_ABI,
        item_bytes: size_of::<T>() as u32,
        name: name.as_ptr() as *const c_char,
        inner: "\0".as_ptr() as *const c_char,
        call: "inline\0".as_ptr() as *const c_char,
        traits,
        queue_bytes: size_of::<*const Q>(),
        handle_bytes: size_of::<Handle<Q::Own>>(),
        align: layout::LINE,
        init: init::<T, Q>,
        destroy: destroy::<Q>,
        attach: attach::<T, Q>,
        detach,
        push: push::<T, Q>,
        pop: pop::<T, Q>,
        push_n: push_n::<T, Q>,
        pop_n: pop_n::<T, Q>,
        push_wait: push_wait::<T, Q>,
        pop_wait: pop_wait::<T, Q>,
        close: close::<T, Q>,
        capacity: capacity::<T, Q>,
        bytes: bytes::<T, Q>,
        dropped: None, // no policies: only refuses, so that the workload overload passes it by
        spilled: None,
        stop: None, // what a crate keeps for readers is its own affair
        make: make::<T>,
        key: key::<T>,
        produce: loops::produce::<T, Q>,
        consume: loops::consume::<T, Q>,
        pairs: loops::pairs::<T, Q>,
        fill_drain: loops::fill_drain::<T, Q>,
        ping: loops::ping::<T, Q>,
        pong: loops::pong::<T, Q>,
        produce_timed: loops_timed::produce_timed::<T, Q>,
        produce_paced: loops_timed::produce_paced::<T, Q>,
        consume_timed: loops_timed::consume_timed::<T, Q>,
        pairs_timed: loops_timed::pairs_timed::<T, Q>,
        produce_offered: None,
        consume_slow: None,
    }
}
