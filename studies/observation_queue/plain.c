/* plain.c: what the experiments share: queues by their names, percentiles. See experiments.h. */
#include <errno.h>

#include "experiments.h"
#include "harness/clock.h"

static void *place(const struct q_driver *d, size_t bytes)
{
    void *const p = aligned_alloc(d->align, (bytes + d->align - 1) / d->align * d->align);
    if (p)
        memset(p, 0, bytes);
    return p;
}

bool plain_init(struct plain *p, struct study_sample *s, const char *name, size_t item_bytes,
                const struct q_config *config)
{
    p->driver = q_driver_find(name, item_bytes, "inline");
    if (!p->driver) {
        study_fail(s, "this build has no queue %s of %zu-byte items", name, item_bytes);
        return false;
    }
    int error = (p->queue = place(p->driver, p->driver->queue_bytes)) ? 0 : ENOMEM;
    if (!error && (error = p->driver->init(p->queue, config)) != 0)
        free(p->queue);
    if (error)
        study_fail(s, "cannot make a %s: %s", name, strerror(error));
    return error == 0;
}

void plain_destroy(struct plain *p)
{
    p->driver->destroy(p->queue);
    free(p->queue);
}

void *plain_attach(const struct plain *p, enum q_role role)
{
    void *const h = place(p->driver, p->driver->handle_bytes);
    if (h && p->driver->attach(p->queue, h, role) != 0) {
        free(h);
        return NULL;
    }
    return h;
}

void plain_detach(const struct plain *p, void *handle, struct q_counts *sum)
{
    p->driver->detach(p->queue, handle);
    const struct q_counts *const c = handle;
    if (sum) {
        sum->cas_failed += c->cas_failed;
        sum->retries += c->retries;
        sum->parks += c->parks;
        sum->wakes += c->wakes;
    }
    free(handle);
}

void put_percentiles(struct study_sample *s, const char *what, const struct histogram *h,
                     double calls)
{
    static const struct {
        const char *name;
        double q;
    } percentile[] = {{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}};
    for (size_t i = 0; i < sizeof percentile / sizeof *percentile; i++) {
        char name[STUDY_WORD];
        if (!histogram_supports(h, percentile[i].q))
            continue;
        snprintf(name, sizeof name, "%s_%s_ns", what, percentile[i].name);
        study_put(s, name, clock_ns(histogram_quantile(h, percentile[i].q)) / calls);
    }
}
