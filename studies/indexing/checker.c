/* checker.c: the small programs of studies/maps/models, and mutants, before the model checker: from
 * the top of the project, where models/qcheck and a built checker are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "studies/indexing/indexing.h"

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
    char command[512], line[512];
    double executions = -1;
    (void)run;
    snprintf(command, sizeof command, "models/qcheck --quiet %s -- %s 2>&1", p->file, p->flags);
    FILE *const f = popen(command, "r");
    if (!f) {
        study_fail(sample, "cannot start models/qcheck");
        return;
    }
    while (fgets(line, sizeof line, f)) {
        static const char head[] = "executions: ";
        char *end;
        if (strncmp(line, head, sizeof head - 1) != 0)
            continue;
        const double n = strtod(line + sizeof head - 1, &end);
        if (strncmp(end, " complete", 9) == 0)
            executions = n;
    }
    const int status = pclose(f);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code != 0 && code != 1)
        study_fail(sample, "models/qcheck %s ended with status %d: is the checker built?", p->file,
                   code);
    study_put(sample, "violations", code == 1);
    if (executions >= 0)
        study_put(sample, "executions", executions);
}

void plan_checker(struct plan *p, const struct study_run *run)
{
    (void)run;
    if (access("models/qcheck", X_OK) != 0) {
        fprintf(stderr, "queuelab: study indexing: no models/qcheck here: the checker is left out; "
                        "run it from the top of the project\n");
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
