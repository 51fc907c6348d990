/* written.h: the ring as the request for comments prints it (models/mutants/rfc_ring.h, which the
 * model checker takes apart), with real threads and all four policies.
 *
 * In its favour: its items are numbers of events instead of the events; the file it spills to stays
 * open; a blocked producer pushes again in a loop instead of by recursion. */
#ifndef TELEMETRY_WRITTEN_H
#define TELEMETRY_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WRITTEN_CAPACITY = 1024 }; /* as in the document's own benchmarks */

enum written_policy { WRITTEN_BLOCK, WRITTEN_DROP_OLDEST, WRITTEN_DROP_NEWEST, WRITTEN_SPILL };
enum written_answer { WRITTEN_OK, WRITTEN_FULL, WRITTEN_SPILLED, WRITTEN_IO, WRITTEN_STOPPED };

struct written;
struct written *written_new(enum written_policy policy, const char *spill_path); /* NULL: errno */
void written_free(struct written *w); /* and what is in it, which the document forgets */
/* May hang for ever: that is what the study is to find. *stop ends the waiting of WRITTEN_BLOCK, and
 * *depth grows to how often one push found the ring full: as deep would its recursion have gone. */
enum written_answer written_push(struct written *w, int item, const bool *stop, unsigned *depth);
int written_take(struct written *w, int *batch, int most);
/* Items that nobody will take: the consumer sees an empty ring, but the next slot to fill is not. */
bool written_wedged(const struct written *w);

#endif
