/* written.c: see written.h. */
#include "studies/telemetry_ring/written.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum written_policy policy_of_all; /* one ring per process: each sample has its own */
#define CAPACITY 1024
#define POLICY   (policy_of_all == WRITTEN_DROP_OLDEST ? DROP_OLDEST : DROP_NEWEST)
#include "models/mutants/rfc_ring.h"

_Static_assert(CAPACITY == WRITTEN_CAPACITY, "the header takes its capacity from a macro");

struct written {
    struct ring ring;
    int spill;
};

struct written *written_new(enum written_policy policy, const char *spill_path)
{
    struct written *const w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    policy_of_all = policy;
    w->spill = -1;
    if (policy == WRITTEN_SPILL) {
        w->spill = open(spill_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        if (w->spill < 0) {
            const int error = errno;
            free(w);
            errno = error;
            return NULL;
        }
    }
    return w;
}

/* wait_for_space() of the document, which does not print it. */
static bool full(struct written *w)
{
    const size_t next = (atomic_load(&w->ring.write_index) + 1) % CAPACITY;
    return next == atomic_load(&w->ring.read_index);
}

enum written_answer written_push(struct written *w, int item, const bool *stop, unsigned *depth)
{
    for (unsigned begun = 1;; begun++) {
        if (ring_push(&w->ring, item))
            return WRITTEN_OK;
        if (policy_of_all == WRITTEN_DROP_NEWEST)
            return WRITTEN_FULL;
        if (policy_of_all == WRITTEN_SPILL)
            return write(w->spill, &item, sizeof item) == (ssize_t)sizeof item ? WRITTEN_SPILLED
                                                                               : WRITTEN_IO;
        if (begun > *depth)
            *depth = begun;
        do {
            if (__atomic_load_n(stop, __ATOMIC_RELAXED))
                return WRITTEN_STOPPED;
            sched_yield();
        } while (full(w));
    }
}

void written_free(struct written *w)
{
    for (size_t i = 0; i < CAPACITY; i++)
        free(atomic_load(&w->ring.buffer[i]));
    if (w->spill >= 0)
        close(w->spill);
    free(w);
}

int written_take(struct written *w, int *batch, int most)
{
    return ring_take_batch(&w->ring, batch, most);
}

bool written_wedged(const struct written *w)
{
    const size_t write_index = atomic_load(&w->ring.write_index);
    return write_index == atomic_load(&w->ring.read_index) &&
           atomic_load(&w->ring.buffer[write_index]) != NULL;
}
