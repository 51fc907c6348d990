/* ring.h: the lab's queues over events: three-word items. Include it before any other queue. */
#ifndef TELEMETRY_RING_H
#define TELEMETRY_RING_H

#define Q_ITEM_BYTES 24
#include "queues/mutex_ring.h"
#include "queues/ring_mpsc.h"

#include "studies/telemetry_ring/event.h"

_Static_assert(sizeof(q_item) == sizeof(struct event), "events travel by value");

static inline q_item event_item(const struct event *e)
{
    q_item item;
    memcpy(&item, e, sizeof item);
    return item;
}

#endif
