/* proof.c: see proof.h. */
#include "studies/proof.h"

#include <math.h>
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

bool study_prove(struct study_sample *s, const char *program, const char *flags, const char *words,
                 struct study_proof_result *r)
{
    static const char head[] = "executions: ";
    char engine[4200], command[512], line[512], *end;
    *r = (struct study_proof_result){.executions = -1};
    if (!find_engine(engine, sizeof engine)) {
        study_fail(s, "no model checker beside this program: build the target queuelab-model");
        return false;
    }
    if (access("models/qcheck", X_OK) != 0) {
        study_fail(s, "no models/qcheck here: run the study in the project's top directory");
        return false;
    }
    setenv("QCHECK_ENGINE", engine, 1);
    snprintf(command, sizeof command, "models/qcheck %s --max-seconds 45 -- %s 2>&1", program,
             flags);
    FILE *const f = popen(command, "r");
    if (!f) {
        study_fail(s, "cannot start models/qcheck");
        return false;
    }
    while (fgets(line, sizeof line, f)) {
        r->told |= words && strncasecmp(line, words, strlen(words)) == 0;
        if (strncmp(line, head, sizeof head - 1) == 0) {
            const double n = strtod(line + sizeof head - 1, &end);
            r->executions = strncmp(end, " complete", 9) == 0 ? n : -1;
        }
    }
    const int status = pclose(f);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 3) {
        study_fail(s, "models/qcheck %s did not come to its end in 45 s", program);
        return false;
    }
    if (code != 0 && code != 1) {
        study_fail(s, "models/qcheck %s ended with status %d", program, code);
        return false;
    }
    r->violation = code == 1;
    return true;
}

static void measure_proof(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *s)
{
    char program[128];
    struct study_proof_result r;
    (void)run;
    snprintf(program, sizeof program, "models/mutants/%s.c", cell->variant);
    if (!study_prove(s, program, "", cell->setting, &r))
        return;
    if (r.violation && !r.told)
        study_fail(s, "models/qcheck found another violation than '%s'", cell->setting);
    study_put(s, "found", r.violation);
}

bool study_can_prove(void)
{
    char engine[4200];
    return find_engine(engine, sizeof engine) && access("models/qcheck", X_OK) == 0;
}

size_t study_proofs(struct study_cell *cells, const struct study_program *programs, size_t n)
{
    if (!study_can_prove()) {
        fprintf(stderr,
                "queuelab: LEFT OUT: the model checker: build the target queuelab-model, run "
                "the study at the top of the project\n");
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        cells[i] = (struct study_cell){.experiment = "checker",
                                       .variant = programs[i].program,
                                       .measure = measure_proof,
                                       .rounds = 1,
                                       .limit_s = 60};
        snprintf(cells[i].setting, sizeof cells[i].setting, "%s", programs[i].found);
    }
    return n;
}

int study_proved(const struct study_judge *j, const char *program)
{
    const double found = study_most(j, "checker", program, NULL, "found");
    return isnan(found) ? -1 : found > 0;
}
