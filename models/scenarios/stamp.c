/* stamp.c: all scenarios of one queue, compiled once per queue with
 *
 *   -DQ_NAME=array_mpmc -DQ_HEADER="queues/array_mpmc.h" -DQ_BACKOFF_MAX=1 -DMUTEX_TWO_LOCK_SLAB=2
 *   [-DLANES_INNER=... -DLANES_INNER_H=...]      QUEUE_OVER: the inner queue
 *
 * from the very header that is measured. Six lengths are shorter than there, because they only
 * repeat: a lost compare-and-swap is followed by one pause, a waiting operation that found nothing
 * prepares to sleep at once (and not after 64 pauses and 4 yields), a slab has 2 nodes and a chunk
 * of a spill file 2 records (not 64); segment_ymc asks for help at the first failure and gives back
 * each segment that it has left. */
#ifndef Q_BACKOFF_MAX
#define Q_BACKOFF_MAX 1
#endif
#include "queues/wait.h"
#undef Q_SPINS_MAX
#undef Q_YIELDS
#define Q_SPINS_MAX          0
#define Q_YIELDS             0
#define SPILL_CHUNK          2
#define SEGMENT_YMC_PATIENCE 0
#define SEGMENT_YMC_GARBAGE  1
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
#include "models/scenarios/close_wakes.h"
#include "models/scenarios/park_wake.h"
#include "models/scenarios/batch_prefix.h"
#include "models/scenarios/reclaim.h"
#include "models/scenarios/alloc_failure.h"
#include "models/scenarios/attach_detach.h"
#include "models/scenarios/publishes.h"
#include "models/scenarios/reuse.h"
#include "models/scenarios/policies.h"
#include "models/scenarios/spill.h"
#include "models/scenarios/lanes.h"
