/* wait.h: how to wait: spin a little, give way (pause.h), then sleep.
 *
 * struct q_event: an event count (Vyukov's name; Linux: a futex) on which threads sleep until
 * something was published. It leaves the publisher's fast path alone:
 *
 *   publisher                               sleeper
 *     publish the item                        q_event_prepare: waiters++, HEAVY fence, note epoch
 *     q_event_notify: light fence,            look again: found it? q_event_cancel
 *       waiters == 0? done                    q_event_sleep: until the epoch moves or time is up
 *       else epoch++ and wake some
 *
 * Either the publisher sees the waiter or the waiter sees the item: that is the store-buffering
 * pattern, and it needs a full fence on both sides. The sleeper pays for both by making every
 * processor that runs this process pass a fence (membarrier, Linux 4.14): a few microseconds just
 * before a sleep that costs more. Where the kernel has no membarrier, each side fences itself.
 *
 * A woken waiter that got an item wakes the next one if there is one: a queue that is not `exact`
 * may hand out two items after a single publication, and one wake-up must not be lost for it.
 *
 * Edges   published   notify -> prepare   what was published before the epoch moved */
#ifndef QUEUES_WAIT_H
#define QUEUES_WAIT_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "queues/atomics.h"
#include "queues/memory.h"
#include "queues/pause.h"
#include "queues/traits.h"

/* ---- asymmetric fences ------------------------------------------------------------------- */

enum { Q_MEMBARRIER_EXPEDITED = 1 << 3, Q_MEMBARRIER_REGISTER = 1 << 4 };

static inline bool q_membarrier_register(void)
{
#ifdef SYS_membarrier
    return syscall(SYS_membarrier, Q_MEMBARRIER_REGISTER, 0, 0) == 0;
#else
    return false;
#endif
}

/* The heavy side: a full fence here and, if asymmetric, in every thread of the process: membarrier
 * is both. False: the kernel refused (no memory, a seccomp filter set since), and nobody passed a
 * fence. */
static inline bool a_fence_heavy(bool asymmetric)
{
#ifdef SYS_membarrier
    if (asymmetric)
        return syscall(SYS_membarrier, Q_MEMBARRIER_EXPEDITED, 0, 0) == 0;
#else
    (void)asymmetric;
#endif
    a_fence(seq_cst); /* [sc: store buffering: our `waiters` against the publisher's item] */
    return true;
}

/* ---- the event count --------------------------------------------------------------------- */

/* QUEUE_WITH(name, naps): who waits looks again every millisecond, and nobody need be told. Beside the
 * queue itself this shows what telling costs when nobody waits. */
#ifdef Q_WITH_NAPS
enum { Q_TELLS = false };
#else
enum { Q_TELLS = true };
#endif

struct q_event {
    atomic(uint32_t) waiters; /* threads between prepare and cancel; read by every publisher */
    bool asymmetric;          /* the kernel fences for us */
    atomic(uint32_t) epoch;   /* moves when something was published while somebody waited */
};

static inline void q_event_init(struct q_event *e)
{
    a_init(&e->waiters, 0);
    a_init(&e->epoch, 0);
    e->asymmetric = q_membarrier_register();
}

/* Wakes up to n sleepers of whatever was published before this call. */
static inline void q_event_notify(struct q_event *e, size_t n, struct q_counts *counts)
{
    if (!Q_TELLS)
        return;
    if (e->asymmetric)
        a_fence_light();
    else
        a_fence(seq_cst); /* [sc: store buffering: our item against the sleeper's `waiters`] */
    if (__builtin_expect(a_load(&e->waiters, relaxed) == 0, 1))
        return;
    a_add(&e->epoch, 1, release); /* [published>] */
    counts->wakes++;
    syscall(SYS_futex, &e->epoch, FUTEX_WAKE_PRIVATE, n > INT_MAX ? INT_MAX : (int)n, NULL, NULL,
            0);
}

struct q_event_ticket {
    uint32_t epoch;
    bool fenced; /* else a publisher may have missed us: sleep briefly, look again */
};

static inline struct q_event_ticket q_event_prepare(struct q_event *e)
{
    a_add(&e->waiters, 1, relaxed);
    struct q_event_ticket ticket = {.fenced = Q_TELLS && a_fence_heavy(e->asymmetric)};
    ticket.epoch = a_load(&e->epoch, acquire); /* [>published] */
    return ticket;
}

static inline void q_event_cancel(struct q_event *e) { a_sub(&e->waiters, 1, relaxed); }

static inline struct timespec q_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

/* Sleeps until the epoch is no longer the ticket's, or until the deadline: false. May wake early. */
static inline bool q_event_sleep(struct q_event *e, struct q_event_ticket ticket, uint64_t deadline)
{
    const uint64_t now = q_now_ns();
    if (now >= deadline) /* also when the epoch moves before every sleep */
        return false;
    const uint64_t nap = now + 1000000;
    const bool short_nap = !ticket.fenced && nap < deadline;
    const struct timespec until = q_timespec(short_nap ? nap : deadline);
    const bool for_ever = !short_nap && deadline == Q_FOREVER;
    const long r = syscall(SYS_futex, &e->epoch, FUTEX_WAIT_BITSET_PRIVATE, ticket.epoch,
                           for_ever ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    return short_nap || !(r == -1 && errno == ETIMEDOUT);
}

#endif
