//! lib.rs: the peers written in Rust. Each line of the registry below makes two drivers, for 8-byte
//! and for 64-byte items, called q_driver_NAME and q_driver_NAME_64; what they promise is in traits.c.
#![deny(warnings)]
#![deny(clippy::all)]
#![allow(clippy::missing_safety_doc)] // kernels are called by the harness alone
#![allow(clippy::not_unsafe_ptr_arg_deref)] // a handle is this thread's (queue.rs)

mod abi;
mod adapters;
mod driver;
mod loops;
mod loops_timed;
mod queue;

use adapters::{Channel, Closable, Concurrent, Null};
use crossbeam_queue::{ArrayQueue, SegQueue};
use std::collections::VecDeque;
use std::sync::Mutex;

macro_rules! peers {
    ($(peer!($name:ident, $queue:ident);)*) => {
        $(#[allow(unused_unsafe)] // since Rust 1.80 that address is safe to take
        mod $name {
            use crate::abi::{Driver, Traits};
            use crate::driver::driver;
            use crate::queue::Record;

            extern "C" {
                #[link_name = concat!("rust_traits_", stringify!($name))]
                static TRAITS: Traits;
            }
            const NAME: &str = concat!(stringify!($name), "\0");
            #[export_name = concat!("q_driver_", stringify!($name))]
            pub static DRIVER: Driver =
                driver::<u64, crate::$queue<u64>>(NAME, unsafe { std::ptr::addr_of!(TRAITS) });
            #[export_name = concat!("q_driver_", stringify!($name), "_64")]
            pub static DRIVER_64: Driver =
                driver::<Record, crate::$queue<Record>>(NAME, unsafe { std::ptr::addr_of!(TRAITS) });
        })*
    };
}

type Seg<T> = Closable<SegQueue<T>>;
type Array<T> = Closable<ArrayQueue<T>>;
type Deque<T> = Closable<Mutex<VecDeque<T>>>;
type Unbounded<T> = Concurrent<T, false>;
type Bounded<T> = Concurrent<T, true>;
type ChannelUnbounded<T> = Channel<T, false>;
type ChannelBounded<T> = Channel<T, true>;
type Floor<T> = Null<T>;

// The registry. cmake/RustPeers.cmake reads these lines too.
peers! {
    peer!(crossbeam_seg_queue, Seg);
    peer!(crossbeam_array_queue, Array);
    peer!(crossbeam_channel_unbounded, ChannelUnbounded);
    peer!(crossbeam_channel_bounded, ChannelBounded);
    peer!(concurrent_queue_unbounded, Unbounded);
    peer!(concurrent_queue_bounded, Bounded);
    peer!(rust_mutex_vecdeque, Deque);
    peer!(rust_null, Floor);
}
