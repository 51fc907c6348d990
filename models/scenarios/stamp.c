/* stamp.c: all scenarios of one queue, compiled once per queue with
 *
 *   -DQ_NAME=array_mpmc -DQ_HEADER="queues/array_mpmc.h" -DQ_BACKOFF_MAX=1 -DMUTEX_TWO_LOCK_SLAB=2
 *   [-DLANES_INNER=... -DLANES_INNER_H=...]      QUEUE_OVER: the inner queue
 *   [-DQ_WITH_EPOCHS]                            QUEUE_WITH: a part
 *
 * from the very header that is measured. Some lengths are shorter than there, because they only
 * repeat: a lost compare-and-swap is followed by one pause, a waiting operation that found nothing
 * prepares to sleep at once (and not after 64 pauses and 4 yields); the others are below. */
#ifndef Q_BACKOFF_MAX
#define Q_BACKOFF_MAX 1
#endif
#include "queues/wait.h"
#undef Q_SPINS_MAX
#undef Q_YIELDS
#define Q_SPINS_MAX                0
#define Q_YIELDS                   0
#define SPILL_CHUNK                2 /* records of a spill file; 64 */
#define SEGMENT_FAA_PATIENCE       0
#define CRQ_TRIES                  1 /* failures before a push goes to another ring */
#define ARRAY_SCQ_AT_ONCE(handles) 2 /* in an operation at once; handles are for 5 */
#define ARRAY_WCQ_AT_ONCE(handles) 2
#define ARRAY_WCQ_TRIES            (ring == WCQ_FREE) /* `used` by requests alone */
#define ARRAY_WCQ_DELAY            1
#define SEGMENT_YMC_PATIENCE       0
#define SEGMENT_YMC_GARBAGE        1
#define RING_BATCH_LINE            8 /* bytes; 64 */
#define RING_BATCH_CHUNK           2
#define RING_BATCH_SLIP            1
#ifdef Q_WITH_RUN1024
#define RELAXED_LANES 1 /* shared by all */
#else
#define RELAXED_LANES 2
#endif
#ifndef Q_PATIENCE_MAX
#define Q_PATIENCE_MAX 1 /* what is retired is looked at at once */
#endif
#pragma GCC diagnostic ignored "-Wtype-limits" /* unsigned < 0: that is the point */
#include Q_HEADER

#define CAT_(a, b)    a##b
#define CAT(a, b)     CAT_(a, b)
#define OP(operation) CAT(Q_NAME, operation)

/* What the checker asks: which claims apply, and which sequential object it is (table.h). */
__attribute__((visibility("default"))) extern const struct q_traits *const subject_traits;
const struct q_traits *const subject_traits = &OP(_traits);

#include "models/scenarios/client.h"

#include "models/scenarios/publish.h"
#include "models/scenarios/full_empty.h"
#include "models/scenarios/wrap_around.h"
#include "models/scenarios/two_producers.h"
#include "models/scenarios/two_consumers.h"
#include "models/scenarios/mpmc_2x2.h"
#include "models/scenarios/close_drains.h"
#include "models/scenarios/close_instant.h"
#include "models/scenarios/close_wakes.h"
#include "models/scenarios/park_wake.h"
#include "models/scenarios/batch_prefix.h"
#include "models/scenarios/reclaim.h"
#include "models/scenarios/alloc_failure.h"
#include "models/scenarios/attach_detach.h"
#include "models/scenarios/publishes.h"
#include "models/scenarios/small.h"
#include "models/scenarios/reuse.h"
#include "models/scenarios/policies.h"
#include "models/scenarios/spill.h"
#include "models/scenarios/lanes.h"
