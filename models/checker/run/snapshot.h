/* snapshot.h: executions that begin with the same events need not run them again.
 *
 * A snapshot is the whole state of an execution, except its graph, directly before an event was
 * added. A graph that was put aside has its events up to some place in common with the execution it
 * comes from: it goes on from the deepest snapshot up to there, and repeats what is left. Where
 * snapshots are taken is a matter of speed alone. */
#ifndef MODELS_CHECKER_RUN_SNAPSHOT_H
#define MODELS_CHECKER_RUN_SNAPSHOT_H

#include <stdbool.h>

#include "models/checker/explore/graph.h"

struct snapshot;

/* The program has state that the checker does not see (build_subject.sh): none are taken. */
extern bool snapshot_never;

/* The running execution comes from these, the deepest first. */
bool snapshot_due(unsigned events); /* would one at this place be worth its cost? */
/* ... where nothing but revisits of this read would begin? It counts them. */
bool snapshot_due_at_read(unsigned events, const struct event *read);
void snapshot_read_revisited(const struct event *read);
void snapshot_take(unsigned events);

/* The deepest one with no event from `events` on, held for the caller; or NULL. */
struct snapshot *snapshot_up_to(unsigned events);
void snapshot_release(struct snapshot *s);

/* The next execution begins at `s`, which is taken over from the caller, or anew: NULL. */
void snapshot_go(struct snapshot *s);

#endif
