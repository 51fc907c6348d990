/* proof.c: the model checker on the document's code: cells whose sample is what it finds. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "studies/telemetry_ring/cells.h"

/* models/mutants/NAME.c, and what is to be found in it. */
static const struct {
    const char *program, *found;
} proofs[] = {
    {"rfc_drop_oldest_hangs", "livelock"},
    {"rfc_stale_producer", "assertion"},
    {"rfc_wedge", "livelock"},
    {"rfc_full_looks_empty", "assertion"},
    {"rfc_weak_index", "assertion"},
    {"rfc_stopped_producer", "livelock"},
    {"rfc_retry_drops_item", "use after free"},
    {"rfc_index_goes_back", "livelock"},
    {"rfc_drop_past_empty", "assertion"},
    {"rfc_no_drop_leaks", "leak"},
    {"rfc_capacity", "assertion"},
};

/* The checker lies beside this program: BUILD/queuelab, BUILD/models/queuelab-model. */
static bool find_engine(char *path, size_t size)
{
    char self[4096];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    return (size_t)snprintf(path, size, "%s/models/queuelab-model", self) < size &&
           access(path, X_OK) == 0;
}

static void measure_proof(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *s)
{
    char engine[4200], command[512], line[512];
    bool matches = false;
    (void)run;
    if (!find_engine(engine, sizeof engine)) {
        study_fail(s, "no model checker beside this program: build the target queuelab-model");
        return;
    }
    if (access("models/qcheck", X_OK) != 0) {
        study_fail(s, "no models/qcheck here: run the study in the project's top directory");
        return;
    }
    setenv("QCHECK_ENGINE", engine, 1);
    snprintf(command, sizeof command, "models/qcheck models/mutants/%s.c --max-seconds 20 2>&1",
             cell->variant);
    FILE *const f = popen(command, "r");
    if (!f) {
        study_fail(s, "cannot start models/qcheck");
        return;
    }
    while (fgets(line, sizeof line, f))
        matches |= strncasecmp(line, cell->setting, strlen(cell->setting)) == 0;
    const int status = pclose(f);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        study_fail(s, "models/qcheck ended with status %d", WEXITSTATUS(status));
    if (WEXITSTATUS(status) == 1 && !matches)
        study_fail(s, "models/qcheck found another violation than '%s'", cell->setting);
    study_put(s, "found", WEXITSTATUS(status) == 1);
}

void add_proof(const struct study_run *run, struct study_cell *cell, size_t *n)
{
    (void)run;
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++) {
        cell[*n] = (struct study_cell){.experiment = "checker",
                                       .variant = proofs[i].program,
                                       .measure = measure_proof,
                                       .rounds = 1,
                                       .limit_s = 60};
        snprintf(cell[*n].setting, sizeof cell[*n].setting, "%s", proofs[i].found);
        ++*n;
    }
}
