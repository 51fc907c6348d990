/* study_file.c: see study_file.h. */
#include "studies/study_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef QUEUELAB_JANSSON
#include <jansson.h>
#endif

#include "harness/json.h"
#include "harness/record.h"
#include "harness/whole_file.h"

#define SAMPLES "samples.jsonl"

/* ---- writing --------------------------------------------------------------------------------- */

/* One line, whole or not at all: what was written of it before the disk was full is taken back. */
static int put_line(FILE *f, const char *text, size_t size)
{
    const off_t end = lseek(fileno(f), 0, SEEK_END);
    if (fwrite(text, 1, size, f) == size && fflush(f) == 0)
        return 0;
    const int error = errno ? errno : EIO;
    clearerr(f);
    if (end >= 0 && ftruncate(fileno(f), end) != 0)
        return error;
    return error;
}

static int put_memory(FILE *f, FILE *memory, char **text, const size_t *size)
{
    const bool bad = ferror(memory);
    if (fclose(memory) != 0 || bad) {
        free(*text);
        return ENOMEM;
    }
    const int error = put_line(f, *text, *size);
    free(*text);
    return error;
}

static void put_pair(FILE *f, const char *key, const char *text)
{
    json_put_string(f, key);
    fputc(':', f);
    json_put_string(f, text);
}

const char *study_value(const struct study_options *o, size_t parameter)
{
    const struct study_parameter *const p = &o->study->parameters[parameter];
    if (o->value && o->value[parameter])
        return o->value[parameter];
    return o->quick && p->quick ? p->quick : p->usual;
}

int study_begin(FILE **f, const struct study_options *o, unsigned rounds, const struct env *env)
{
    char path[4096], *text;
    size_t size;
    bool cut;
    if (snprintf(path, sizeof path, "%s/" SAMPLES, o->out) >= (int)sizeof path)
        return ENAMETOOLONG;
    const int error = record_open(path, f, &cut);
    if (error)
        return error;
    FILE *const m = open_memstream(&text, &size);
    if (!m)
        return ENOMEM;
    fputc('{', m);
    put_pair(m, "study", o->study->name);
    fprintf(m, ",\"run\":{\"quick\":%s,\"rounds\":%u,\"seed\":%llu,\"parameters\":{",
            o->quick ? "true" : "false", rounds, (unsigned long long)o->seed);
    for (size_t i = 0; o->study->parameters && o->study->parameters[i].name; i++) {
        fputs(i ? "," : "", m);
        put_pair(m, o->study->parameters[i].name, study_value(o, i));
    }
    fputc('}', m);
    if (env) {
        static const char *const keys[] = {"machine", "commit", "date"};
        const char *const values[] = {env->id, env->commit, env->date};
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            fputc(',', m);
            put_pair(m, keys[i], values[i]);
        }
    }
    fputs("}}\n", m);
    return put_memory(*f, m, &text, &size);
}

int study_write(FILE *f, const struct study *study, const struct study_sample *s)
{
    char *text;
    size_t size;
    FILE *const m = open_memstream(&text, &size);
    if (!m)
        return ENOMEM;
    fputc('{', m);
    put_pair(m, "study", study->name);
    fputc(',', m);
    put_pair(m, "experiment", s->experiment);
    fputc(',', m);
    put_pair(m, "variant", s->variant);
    fputc(',', m);
    put_pair(m, "setting", s->setting);
    fprintf(m, ",\"cell\":%u,\"round\":%u", s->cell, s->round);
    fputs(",\"stolen\":", m);
    json_put_number(m, s->stolen);
    if (s->error[0]) {
        fputc(',', m);
        put_pair(m, "error", s->error);
    }
    fputs(",\"metrics\":{", m);
    for (unsigned i = 0; i < s->n; i++) {
        fputs(i ? "," : "", m);
        json_put_string(m, s->metric[i].name);
        fputc(':', m);
        json_put_number(m, s->metric[i].value);
    }
    fputs("}}\n", m);
    return put_memory(f, m, &text, &size);
}

/* ---- reading --------------------------------------------------------------------------------- */

void study_release(struct study_judge *j)
{
    for (size_t i = 0; i < j->n_findings; i++) {
        free(j->finding[i].claim);
        free(j->finding[i].measured);
        free(j->finding[i].evidence);
    }
    free(j->finding);
    free(j->sample);
    *j = (struct study_judge){0};
}

#ifdef QUEUELAB_JANSSON

static bool get_text(const json_t *line, const char *key, char *text, size_t size)
{
    const char *const value = json_string_value(json_object_get(line, key));
    return value && snprintf(text, size, "%s", value) < (int)size;
}

/* NULL, or what is wrong with this line. */
static const char *get_sample(const json_t *line, struct study_sample *s)
{
    const char *name;
    json_t *value;
    json_t *const cell = json_object_get(line, "cell");
    json_t *const round = json_object_get(line, "round");
    json_t *const metrics = json_object_get(line, "metrics");
    *s = (struct study_sample){0};
    if (!get_text(line, "experiment", s->experiment, sizeof s->experiment) ||
        !get_text(line, "variant", s->variant, sizeof s->variant) ||
        !get_text(line, "setting", s->setting, sizeof s->setting))
        return "\"experiment\", \"variant\" or \"setting\" is missing or too long";
    if (!json_is_integer(round) || json_integer_value(round) < 0 || !json_is_integer(cell) ||
        json_integer_value(cell) < 0)
        return "\"cell\" and \"round\" must be whole numbers, not negative";
    if (json_object_get(line, "error") && !get_text(line, "error", s->error, sizeof s->error))
        return "\"error\" is no text or too long";
    if (!json_is_object(metrics) || json_object_size(metrics) > STUDY_METRICS)
        return "\"metrics\" is missing or too large";
    s->cell = (unsigned)json_integer_value(cell);
    s->round = (unsigned)json_integer_value(round);
    json_object_foreach(metrics, name, value)
    {
        struct study_metric *const m = &s->metric[s->n++];
        if (!json_is_number(value) ||
            snprintf(m->name, sizeof m->name, "%s", name) >= (int)sizeof m->name)
            return "a metric is no number, or its name is too long";
        m->value = json_number_value(value);
    }
    return NULL;
}

static const char *get_line(struct study_judge *j, const json_t *line, size_t room)
{
    const char *const name = json_string_value(json_object_get(line, "study"));
    const json_t *const run = json_object_get(line, "run");
    if (!name)
        return "names no study";
    if (strcmp(name, j->study->name) != 0)
        return NULL;
    if (run) { /* what an earlier run has left is past */
        j->there = true;
        j->quick = json_is_true(json_object_get(run, "quick"));
        j->n = 0;
        return NULL;
    }
    return j->n < room ? get_sample(line, &j->sample[j->n++]) : "is one too many";
}

/* As the study named its cells, not as chance drew them. */
static int by_cell(const void *a, const void *b)
{
    const struct study_sample *const x = a, *const y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return x->round < y->round ? -1 : x->round > y->round;
}

int study_read(struct study_judge *j, const struct study *study, const char *directory,
               char *message, size_t size)
{
    char path[4096], *text;
    size_t bytes, lines = 0, number = 0;
    *j = (struct study_judge){.study = study};
    snprintf(j->directory, sizeof j->directory, "%s", directory);
    snprintf(path, sizeof path, "%s/" SAMPLES, directory);
    const int error = whole_read(path, &text, &bytes);
    if (error) {
        snprintf(message, size, "cannot read %s: %s", path, strerror(error));
        return error;
    }
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    j->cut = bytes > 0 && text[bytes - 1] != '\n'; /* killed while it wrote */
    j->sample = calloc(lines + 1, sizeof *j->sample);
    const char *wrong = !j->sample              ? "is too large for memory"
                        : strlen(text) != bytes ? "has a zero byte in it: damaged"
                                                : NULL;
    if (wrong)
        number = lines + 1;
    for (char *line = text, *next; !wrong && (next = strchr(line, '\n')); line = next + 1) {
        json_error_t at;
        json_t *const object = json_loadb(line, (size_t)(next - line), 0, &at);
        number++;
        wrong = object ? get_line(j, object, lines) : "is no JSON";
        json_decref(object);
    }
    free(text);
    if (wrong) {
        snprintf(message, size, "%s:%zu: %s", path, number, wrong);
        study_release(j);
        return EBADMSG;
    }
    qsort(j->sample, j->n, sizeof *j->sample, by_cell);
    return 0;
}

#else

int study_read(struct study_judge *j, const struct study *study, const char *directory,
               char *message, size_t size)
{
    (void)directory;
    *j = (struct study_judge){.study = study};
    snprintf(message, size,
             "this build cannot read samples: install libjansson-dev and configure again");
    return ENOTSUP;
}

#endif
