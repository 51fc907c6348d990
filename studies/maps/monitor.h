/* monitor.h: was what threads saw of a map linearizable?
 *
 * A map is as many objects as it has keys, and linearizability is local (Herlihy & Wing 1990): a
 * history is linearizable if and only if that of each key is. So operations are sorted by key, and
 * each key's are searched by just-in-time linearization (Lowe, "Testing for linearizability", 2017):
 * going through calls and returns in the order of time, it keeps all configurations (which of the
 * operations in flight have taken effect, and the value then); at a return those stay in which that
 * operation has. None left: no order explains what was answered. Exact; the cost grows with the
 * operations in flight at once under ONE key, which are few.
 *
 * Two stamps that are alike count as concurrent: that may miss an order, never invent one. */
#ifndef STUDIES_MAPS_MONITOR_H
#define STUDIES_MAPS_MONITOR_H

#include <stdio.h>

#include "studies/maps/driver.h"

enum { MAP_MONITOR_FLIGHT = 64 }; /* operations in flight at once under one key, at most */

struct map_event {
    uint64_t key, call, ret; /* ret UINT64_MAX: it never returned, and may have taken effect */
    uint64_t given;          /* insert: the value; add: how much */
    uint64_t got;            /* find, remove: the value; add: what it was */
    uint8_t op, status;      /* enum map_op, enum map_status */
};

struct map_judgement {
    uint64_t keys;
    uint64_t wrong;     /* keys whose operations no order explains */
    uint64_t undecided; /* keys with too much in flight, or too many configurations */
    uint64_t most;      /* configurations of a key at once */
    char why[200];      /* of the first that is wrong */
};

/* Sorts the events. The map was empty at first. 0, or ENOMEM. */
int map_monitor(struct map_event *events, size_t n, struct map_judgement *j);

#endif
