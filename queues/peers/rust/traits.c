/* traits.c: what the Rust peers promise, and what their loops borrow from the C side.
 *
 * The versions come from Cargo.lock, in which cargo wrote what it found installed
 * (cmake/RustPeers.cmake); the promises were read in those sources:
 *
 *   blocking   SegQueue and concurrent-queue's unbounded: a pop waits for the push that has its
 *              slot, and at the end of a block all wait for the thread that links the next one.
 *              ArrayQueue, the bounded ones: a pop that finds its slot claimed and not yet filled
 *              waits, and so does a push that finds it not yet emptied. All yield while they wait.
 *   exact      EMPTY and FULL compare both indices behind a fence, never a slot alone.
 *   close      SegQueue, ArrayQueue and the deque have none: a flag. A channel is closed by dropping
 *              its sender. Both allow no push meanwhile. concurrent-queue closes itself.
 *   NOMEM      never: Rust ends the program when there is no memory. */
#include "harness/clock.h"
#include "harness/histogram.h"
#include "queues/traits.h"

#define RUSTC      " (rustc " RUSTC_VERSION ")"
#define QUEUE      "crossbeam-queue " CROSSBEAM_QUEUE_VERSION RUSTC
#define CHANNEL    "crossbeam-channel " CROSSBEAM_CHANNEL_VERSION RUSTC
#define CONCURRENT "concurrent-queue " CONCURRENT_QUEUE_VERSION RUSTC
#define STANDARD   "Rust's standard library" RUSTC
#define VYUKOV     "after Vyukov, Bounded MPMC queue, 2010"
#define BLOCKS     "Glavina, crossbeam's SegQueue, 2019; no paper"
#define ABORTS     "no memory ends the program"

#define PROMISES(name_)                                                                            \
    extern const struct q_traits rust_traits_##name_;                                              \
    const struct q_traits rust_traits_##name_
#define COMMON(name_)                                                                              \
    .name = #name_, .push = Q_BLOCKING, .pop = Q_BLOCKING, .order = Q_FIFO, .lanes = 1,            \
    .exact = true

PROMISES(crossbeam_seg_queue) = {
    COMMON(crossbeam_seg_queue),
    .family = "segment",
    .summary = "linked blocks of 31 slots, freed when read",
    .source = BLOCKS,
    .peer = QUEUE,
    .condition = ABORTS "; close after the last push",
    .caution = Q_MEMORY_UNSEEN,
};

PROMISES(crossbeam_array_queue) = {
    COMMON(crossbeam_array_queue),
    .family = "array",
    .summary = "array of stamped slots; full and empty ask the other index",
    .source = VYUKOV,
    .bounded = true,
    .peer = QUEUE,
    .condition = "close after the last push",
};

/* try_send and try_recv; where the interface waits, send_timeout and recv_timeout after a first try. */
PROMISES(crossbeam_channel_unbounded) = {
    COMMON(crossbeam_channel_unbounded),
    .family = "segment",
    .summary = "the blocks of SegQueue, with sleeping consumers to look after",
    .source = BLOCKS,
    .native = Q_WAIT,
    .peer = CHANNEL,
    .condition = ABORTS "; close after the last push",
    .caution = Q_MEMORY_UNSEEN,
};

PROMISES(crossbeam_channel_bounded) = {
    COMMON(crossbeam_channel_bounded),
    .family = "array",
    .summary = "the array of ArrayQueue, with sleepers on both sides to look after",
    .source = VYUKOV,
    .bounded = true,
    .native = Q_WAIT,
    .peer = CHANNEL,
    .condition = "close after the last push",
};

PROMISES(concurrent_queue_unbounded) = {
    COMMON(concurrent_queue_unbounded),
    .family = "segment",
    .summary = "the blocks of SegQueue without its back-off; can be closed",
    .source = BLOCKS,
    .close_any = true,
    .peer = CONCURRENT,
    .condition = ABORTS,
    .caution = Q_MEMORY_UNSEEN,
};

PROMISES(concurrent_queue_bounded) = {
    COMMON(concurrent_queue_bounded),
    .family = "array",
    .summary = "the array of ArrayQueue without its back-off; can be closed",
    .source = VYUKOV,
    .bounded = true,
    .close_any = true,
    .peer = CONCURRENT,
    .condition = "any number of threads",
};

PROMISES(rust_mutex_vecdeque) = {
    COMMON(rust_mutex_vecdeque),
    .family = "mutex",
    .summary = "Mutex<VecDeque>: a growing circular buffer under one lock",
    .source = "Rust's std::sync::Mutex and std::collections::VecDeque",
    .native = Q_BATCH,
    .peer = STANDARD,
    .condition = ABORTS "; close after the last push; the buffer keeps its largest size",
};

PROMISES(rust_null) = {
    .name = "rust_null",
    .family = "floor",
    .summary = "null_queue's slot in the loops of the Rust peers: what those loops cost",
    .source = "none",
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .one_thread = true,
    .floor = true,
    .peer = STANDARD,
    .condition = "one thread",
    .caution = Q_MEMORY_UNSEEN,
};

/* ---- what the loops borrow ------------------------------------------------------------------- */

extern void rust_histogram_add(struct histogram *h, uint64_t value);
void rust_histogram_add(struct histogram *h, uint64_t value) { histogram_add(h, value); }

extern uint64_t rust_monotonic_ns(void);
uint64_t rust_monotonic_ns(void) { return clock_monotonic_ns(); }
