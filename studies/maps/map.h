/* map.h: what every concurrent map of the studies looks like. Read this file first.
 *
 * A map N is ONE header, studies/maps/N.h, in the style of the queues (queues/queue.h): it defines,
 * `static inline` and prefixed with its own file name, every operation below. stamp.c is compiled
 * once per map and inlines them into the measured loop; whoever wants one map includes its header,
 * whoever wants any of them goes through the table of drivers (driver.h).
 *
 *   int             N_init   (struct N *m, const struct map_config *cfg);  0, EINVAL or ENOMEM
 *   void            N_destroy(struct N *m);                                after all detached
 *   int             N_attach (struct N *m, struct N_handle *h);            0 or ENOMEM
 *   void            N_detach (struct N *m, struct N_handle *h);
 *   enum map_status N_find   (m, h, uint64_t key, uint64_t *value);        OK ABSENT
 *   enum map_status N_insert (m, h, uint64_t key, uint64_t value);         OK PRESENT NOMEM
 *                             OK: it was absent. PRESENT: it is there, and stays as it is
 *   enum map_status N_remove (m, h, uint64_t key, uint64_t *value);        OK ABSENT
 *                             OK: *value is what was removed
 *   enum map_status N_add    (m, h, uint64_t key, uint64_t n, uint64_t *before);  OK ABSENT NOMEM
 *                             adds n to the value in place; *before is what it was. ABSENT: the
 *                             key was not there, and is now, with n; *before is 0
 *   size_t          N_size   (struct N *m);            exact while nobody changes the map
 *   size_t          N_each   (m, h, map_visit *visit, void *context);  how many were visited
 *   struct q_bytes  N_bytes  (const struct N *m);      memory held now, and at most so far
 *   static const struct map_traits N_traits;
 *
 * Keys.     Any 64 bits. Texts are hashed by the user of the map, who also keeps what tells two texts
 *   of one hash apart.
 * Values.   Below 2^62 (MAP_VALUE_MAX): room for a pointer or a count. add counts modulo 2^62. The
 *   two bits are what lets an unlocked map freeze a value while it moves.
 * Threads.  A handle belongs to one thread at a time. attach and detach may run while others work.
 * Order.    find, insert, remove and add are linearizable. What happens before an insert or an add
 *   happens before a find that sees its value.
 * each.     Weakly consistent: a key that is there all the while is visited exactly once, with a
 *   value that it had at some instant of the call; one that comes or goes meanwhile, at most once. No
 *   snapshot: two keys may be seen as they never were together. `visit` may not use the map.
 * Errors.   NOMEM: nothing was changed, try again later.
 * Globals.  None. */
#ifndef STUDIES_MAPS_MAP_H
#define STUDIES_MAPS_MAP_H

#include <stdalign.h>

#include "studies/maps/traits.h"

#ifndef __cplusplus
#include "queues/queue.h"

#include "studies/maps/table_memory.h"
#endif

#endif
