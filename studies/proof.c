/* proof.c: see proof.h. */
#include "studies/proof.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

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

bool study_can_prove(void)
{
    char engine[4200];
    return find_engine(engine, sizeof engine) && access("models/qcheck", X_OK) == 0;
}

struct study_cell study_proof(const char *program, const char *found)
{
    struct study_cell cell = {.experiment = "checker",
                              .variant = program,
                              .measure = measure_proof,
                              .rounds = 1,
                              .limit_s = 60};
    snprintf(cell.setting, sizeof cell.setting, "%s", found);
    return cell;
}
