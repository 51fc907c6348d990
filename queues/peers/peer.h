/* peer.h: what an adapter of somebody else's queue begins with, in C and C++.
 *
 * An adapter is one header that gives the interface of queues/queue.h under the prefix `peer`:
 *
 *   struct peer            `bool closed`, and the foreign queue
 *   struct peer_handle     begins with `struct q_counts counts`
 *   peer_traits            .name = PEER_NAME, .peer = PEER_PACKAGE: both come from peers.def
 *   peer_init, peer_destroy, peer_attach, peer_detach, peer_push, peer_capacity
 *   peer_try_pop           true: *item is set; false: nothing there
 *
 * and includes peer_rest.h last, which makes the rest of those. Where one header serves several
 * lines of peers.def, PEER_<name> is defined for the one that is being compiled. In C++ all of it
 * lies in a nameless namespace: each stamp is a program of its own. */
#ifndef QUEUES_PEERS_PEER_H
#define QUEUES_PEERS_PEER_H

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "queues/item.h"
#include "queues/pause.h"
#include "queues/traits.h"

/* `bool closed` is an ordinary variable, read only when the queue answered empty. */
static inline bool peer_is_closed(const bool *closed)
{
    return __builtin_expect(__atomic_load_n(closed, __ATOMIC_ACQUIRE), 0);
}
static inline void peer_set_closed(bool *closed)
{
    __atomic_store_n(closed, true, __ATOMIC_RELEASE);
}

/* The capacity asked for, within 1..most; 0: it cannot be had. */
static inline size_t peer_capacity_of(const struct q_config *cfg, size_t most)
{
    const size_t capacity = cfg->capacity ? cfg->capacity : 1024;
    return cfg->when_full == Q_REFUSE && capacity <= most ? capacity : 0;
}

/* The smallest power of two >= n and >= least; n is below SIZE_MAX / 2. */
static inline size_t peer_round_up(size_t n, size_t least)
{
    size_t p = least;
    while (p < n)
        p *= 2;
    return p;
}

#ifdef __cplusplus
#include <new>
#include <stdexcept>
#include <utility>

namespace
{

/* Room for a T inside a struct that begins as raw memory. */
template <class T> struct peer_box {
    alignas(T) unsigned char room[sizeof(T)];

    T &operator*() { return *std::launder(reinterpret_cast<T *>(room)); }
    T *operator->() { return &**this; }
    const T &operator*() const { return *std::launder(reinterpret_cast<const T *>(room)); }
    const T *operator->() const { return &**this; }
    void drop() { (**this).~T(); }

    /* 0, or the errno that stands for what the constructor threw. */
    template <class... Arguments> int make(Arguments &&...arguments)
    {
        try {
            new (room) T(std::forward<Arguments>(arguments)...);
            return 0;
        } catch (const std::bad_alloc &) {
            return ENOMEM;
        } catch (const std::length_error &) {
            return ENOMEM;
        } catch (...) {
            return EINVAL;
        }
    }
};

} // namespace
#endif

#endif
