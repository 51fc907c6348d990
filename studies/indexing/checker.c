/* checker.c: the small programs of studies/maps/models, and mutants, before the model checker: from
 * the top of the project, where models/qcheck and a built checker are. */
#include <stdio.h>
#include <string.h>

#include "studies/indexing/indexing.h"
#include "studies/proof.h"

static const struct program {
    const char *variant, *file, *flags;
} programs[] = {
#define BOTH(name)                                                                                 \
    {"map_lockfree", "studies/maps/models/" name ".c", "-DMAP=map_lockfree"},                      \
    {                                                                                              \
        "map_list", "studies/maps/models/" name ".c", "-DMAP=map_list"                             \
    }
    BOTH("insert_insert"),
    BOTH("insert_remove"),
    BOTH("remove_remove"),
    BOTH("remove_same"),
    BOTH("remove_find"),
    BOTH("add_add"),
    {"map_list", "studies/maps/models/reclaim.c", "-DMAP=map_list"},
    {"map_lockfree", "studies/maps/models/grow_find.c", ""},
    {"map_lockfree", "studies/maps/models/grow_insert.c", ""},
    {"map_lockfree", "studies/maps/models/grow_remove.c", ""},
    {"map_lockfree", "studies/maps/models/grow_add.c", ""},
    {"map_lockfree", "studies/maps/models/grow_publish.c", ""},
    {"map_lockfree", "studies/maps/models/grow_reclaim.c", ""},
    {"as printed", "studies/maps/models/insert_remove.c", "-DMAP=map_list -DMAP_WITH_UNMARKED"},
    {"as printed", "studies/maps/models/remove_remove.c", "-DMAP=map_list -DMAP_WITH_UNMARKED"},
    {"as printed", "models/mutants/tracker_older_timestamp.c", ""},
    {"as printed", "models/mutants/stats_no_cut.c", ""},
};

static void measure_checker(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *sample)
{
    const struct program *const p = cell->subject;
    struct study_proof_result r;
    (void)run;
    if (!study_prove(sample, p->file, p->flags, NULL, &r))
        return;
    study_put(sample, "violations", r.violation);
    if (r.executions >= 0)
        study_put(sample, "executions", r.executions);
}

void plan_checker(struct plan *p, const struct study_run *run)
{
    (void)run;
    if (!study_can_prove()) {
        fprintf(stderr,
                "queuelab: study indexing: no models/qcheck here, or no checker in this build: "
                "it is left out; run the study from the top of the project\n");
        return;
    }
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const char *const name = strrchr(programs[i].file, '/') + 1;
        struct study_cell *const c = plan_add(p, "checker", programs[i].variant, "%s", name);
        c->measure = measure_checker;
        c->subject = &programs[i];
        c->rounds = 1;
        c->limit_s = 120;
    }
}
