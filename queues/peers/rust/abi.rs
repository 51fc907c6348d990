//! abi.rs: the structs of harness/driver.h and queues/traits.h as Rust sees them, held to the C
//! side at compile time: layout.rs is printed by a C program (layout.c) from the same headers.

use std::os::raw::{c_char, c_int, c_void};
use std::sync::atomic::AtomicBool;

pub mod layout {
    #![allow(non_upper_case_globals, dead_code)] // only checks at compile time read most of it
    include!(env!("QUEUELAB_RUST_LAYOUT"));
}

/// A struct with the layout of `layout::$of`: each field where C has it, and none left over.
macro_rules! mirror {
    ($(#[$doc:meta])* struct $name:ident is $of:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            $(pub $field: $type,)*
        }
        const _: () = {
            let mut end = 0;
            $(
                let align = std::mem::align_of::<$type>();
                end = (end + align - 1) / align * align;
                assert!(end == layout::$of::$field,
                        concat!(stringify!($of), ".", stringify!($field), " is elsewhere in C"));
                end += std::mem::size_of::<$type>();
            )*
            assert!(end <= layout::$of::BYTES);
            assert!(std::mem::size_of::<$name>() == layout::$of::BYTES,
                    concat!(stringify!($of), " has another size in C"));
        };
    };
}

/// The harness's histogram: only the C side looks into it.
#[repr(C)]
pub struct Histogram([u8; 0]);
/// The promises of a queue: written in traits.c.
#[repr(C)]
pub struct Traits([u8; 0]);

mirror! {
    /// One thread of one run.
    struct Worker is worker {
        queue: *mut c_void,
        handle: *mut c_void,
        back: *mut c_void,
        back_handle: *mut c_void,
        driver: *const Driver,
        n: u64,
        batch: u64,
        depth: u64,
        producer: u64,
        epoch: u64,
        sample: u64,
        schedule: *const u64,
        work: u64,
        last: *mut u64,
        push_ticks: *mut Histogram,
        pop_ticks: *mut Histogram,
        sojourn_ticks: *mut Histogram,
        stop: *const AtomicBool,
        start: u64,
        end: u64,
        pushed: u64,
        popped: u64,
        sum_pushed: u64,
        sum_popped: u64,
        full: u64,
        empty: u64,
        dropped: u64,
        disorder: u64,
        torn: u64,
        other: u64,
        failed_status: c_int,
    }
}

mirror! {
    struct Config is config {
        capacity: usize,
        producers: u32,
        consumers: u32,
        segment: usize,
        when_full: u32,
        spill_path: *const c_char,
        spill_max_bytes: usize,
        spill_sync: bool,
        alloc_fails_at: u64,
    }
}

mirror! {
    struct Bytes is bytes {
        now: usize,
        peak: usize,
    }
}

mirror! {
    #[derive(Default)]
    struct Counts is counts {
        cas_failed: u64,
        retries: u64,
        parks: u64,
        wakes: u64,
        error: c_int,
    }
}

pub type Status = u32;
pub type Kernel = unsafe extern "C" fn(*mut Worker);
type Push = unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_void) -> Status;
type Pop = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void) -> Status;
type PushN = unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_void, usize) -> usize;
type PopN = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void, usize) -> usize;
type PushWait = unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_void, u64) -> Status;
type PopWait = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void, u64) -> Status;
type Policy = unsafe extern "C" fn(*const c_void) -> u64;

mirror! {
    /// One queue as the harness sees it.
    struct Driver is driver {
        abi: u32,
        item_bytes: u32,
        name: *const c_char,
        inner: *const c_char,
        call: *const c_char,
        traits: *const Traits,
        queue_bytes: usize,
        handle_bytes: usize,
        align: usize,
        init: unsafe extern "C" fn(*mut c_void, *const Config) -> c_int,
        destroy: unsafe extern "C" fn(*mut c_void),
        attach: unsafe extern "C" fn(*mut c_void, *mut c_void, u32) -> c_int,
        detach: unsafe extern "C" fn(*mut c_void, *mut c_void),
        push: Push,
        pop: Pop,
        push_n: PushN,
        pop_n: PopN,
        push_wait: PushWait,
        pop_wait: PopWait,
        close: unsafe extern "C" fn(*mut c_void, *mut c_void),
        capacity: unsafe extern "C" fn(*const c_void) -> usize,
        bytes: unsafe extern "C" fn(*const c_void) -> Bytes,
        dropped: Option<Policy>,
        spilled: Option<Policy>,
        stop: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
        make: unsafe extern "C" fn(*mut c_void, u64),
        key: unsafe extern "C" fn(*const c_void) -> u64,
        produce: Kernel,
        consume: Kernel,
        pairs: Kernel,
        fill_drain: Kernel,
        ping: Kernel,
        pong: Kernel,
        produce_timed: Kernel,
        produce_paced: Kernel,
        consume_timed: Kernel,
        pairs_timed: Kernel,
        produce_offered: Option<Kernel>,
        consume_slow: Option<Kernel>,
    }
}

// SAFETY: all of it is constant; what it points to is too.
unsafe impl Sync for Driver {}

// traits.c, and libc.
extern "C" {
    pub fn rust_histogram_add(h: *mut Histogram, value: u64);
    pub fn rust_monotonic_ns() -> u64;
    pub static clock_is_tsc: bool;
    fn sched_yield() -> c_int;
}

// ---- the clock and the pause of the C side ------------------------------------------------------

/// clock_ticks of harness/clock.h.
#[inline(always)]
pub fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: set once, before any thread runs a kernel.
    if unsafe { clock_is_tsc } {
        return unsafe { core::arch::x86_64::_rdtsc() };
    }
    #[cfg(target_arch = "aarch64")]
    if unsafe { clock_is_tsc } {
        let now: u64;
        unsafe { core::arch::asm!("mrs {}, cntvct_el0", out(reg) now, options(nomem, nostack)) };
        return now;
    }
    unsafe { rust_monotonic_ns() }
}

/// clock_ticks_fenced of harness/clock.h.
#[inline(always)]
pub fn ticks_fenced() -> u64 {
    #[cfg(target_arch = "x86_64")]
    if unsafe { clock_is_tsc } {
        use core::arch::x86_64::{__rdtscp, _mm_lfence, _mm_mfence};
        let mut aux = 0;
        // SAFETY: SSE2 is part of x86-64; the C side trusts the counter only where rdtscp exists.
        unsafe {
            _mm_mfence();
            let now = __rdtscp(&mut aux);
            _mm_lfence();
            return now;
        }
    }
    #[cfg(target_arch = "aarch64")]
    if unsafe { clock_is_tsc } {
        let now: u64;
        unsafe {
            core::arch::asm!("dsb ish", "isb", "mrs {}, cntvct_el0", "isb", out(reg) now,
                             options(nostack));
        }
        return now;
    }
    use std::sync::atomic::{fence, Ordering::SeqCst};
    fence(SeqCst);
    let now = unsafe { rust_monotonic_ns() };
    fence(SeqCst);
    now
}

/// a_pause of queues/atomics.h; spin_loop would be an ISB on ARM.
#[inline(always)]
fn pause() {
    #[cfg(target_arch = "aarch64")]
    unsafe {
        core::arch::asm!("yield", options(nomem, nostack))
    };
    #[cfg(not(target_arch = "aarch64"))]
    std::hint::spin_loop();
}

/// q_relax of queues/wait.h.
#[inline(always)]
pub fn relax(spins: &mut u32) {
    if *spins < layout::SPINS_MAX {
        *spins += 1;
        pause();
    } else {
        // SAFETY: no arguments, cannot fail on Linux.
        unsafe { sched_yield() };
    }
}
