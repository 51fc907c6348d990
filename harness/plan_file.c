#include "harness/plan_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef QUEUELAB_JANSSON
#include <jansson.h>
#endif

#include "harness/json.h"
#include "harness/record.h"
#include "harness/whole_file.h"

static void put_text(FILE *f, const char *key, const char *text)
{
    fprintf(f, ",\n \"%s\":", key);
    json_put_string(f, text ? text : "");
}

int plan_file_write(const char *path, const struct plan *p, const struct plan_options *o,
                    const char *command)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return ENOMEM;
    fprintf(f, "{\"v\":%d,\n \"seed\":%llu,\n \"budget_s\":%.0f,\n \"sample_ms\":%.17g,\n",
            RECORD_SCHEMA, (unsigned long long)p->seed, p->budget_s, p->sample_ms);
    fprintf(f, " \"rounds\":%u,\n \"cells\":%zu,\n \"dropped\":%zu", p->rounds, p->n, p->dropped);
    fprintf(f, ",\n \"keep_below\":%u", p->keep_below);
    fprintf(f, ",\n \"peers\":%s", o->peers ? "true" : "false");
    put_text(f, "plan", p->name);
    put_text(f, "only", o->only);
    put_text(f, "class", o->class_name);
    put_text(f, "queue", o->queue);
    put_text(f, "workload", o->workload);
    put_text(f, "pin", o->pin);
    put_text(f, "command", command);
    fprintf(f, "}\n");
    const int error = fclose(f) != 0 ? ENOMEM : whole_write(path, text, size);
    free(text);
    return error;
}

#ifdef QUEUELAB_JANSSON
static void get_text(const json_t *root, const char *key, char *text, size_t size)
{
    const char *s = json_string_value(json_object_get(root, key));
    snprintf(text, size, "%s", s ? s : "");
}

int plan_file_read(const char *path, struct plan_file *f, char *message, size_t size)
{
    *f = (struct plan_file){.seed = 0};
    json_error_t why;
    json_t *root = json_load_file(path, 0, &why);
    if (!root) {
        if (access(path, R_OK) != 0)
            snprintf(message, size, "%s: %s: not the directory of a run", path, strerror(errno));
        else
            snprintf(message, size, "%s: %s (line %d)", path, why.text, why.line);
        return EINVAL;
    }
    const json_t *seed = json_object_get(root, "seed");
    const json_t *version = json_object_get(root, "v");
    int error = 0;
    if (!json_is_integer(version) || json_integer_value(version) != RECORD_SCHEMA) {
        snprintf(message, size, "%s: schema version is not %d", path, RECORD_SCHEMA);
        error = EINVAL;
    } else if (!json_is_integer(seed)) {
        snprintf(message, size, "%s: no seed", path);
        error = EINVAL;
    } else {
        f->seed = (uint64_t)json_integer_value(seed);
        f->budget_s = json_number_value(json_object_get(root, "budget_s"));
        f->sample_ms = json_number_value(json_object_get(root, "sample_ms"));
        f->rounds = (unsigned)json_integer_value(json_object_get(root, "rounds"));
        f->keep_below = (unsigned)json_integer_value(json_object_get(root, "keep_below"));
        f->cells = (size_t)json_integer_value(json_object_get(root, "cells"));
        f->dropped = (size_t)json_integer_value(json_object_get(root, "dropped"));
        get_text(root, "plan", f->name, sizeof f->name);
        f->peers = json_is_true(json_object_get(root, "peers"));
        get_text(root, "only", f->only, sizeof f->only);
        get_text(root, "class", f->class_name, sizeof f->class_name);
        get_text(root, "queue", f->queue, sizeof f->queue);
        get_text(root, "workload", f->workload, sizeof f->workload);
        get_text(root, "pin", f->pin, sizeof f->pin);
        get_text(root, "command", f->command, sizeof f->command);
    }
    json_decref(root);
    return error;
}
#else
int plan_file_read(const char *path, struct plan_file *f, char *message, size_t size)
{
    *f = (struct plan_file){.seed = 0};
    snprintf(message, size, "cannot read %s: built without jansson (libjansson-dev)", path);
    return ENOTSUP;
}
#endif

void plan_file_options(const struct plan_file *f, struct plan_options *o)
{
    *o = (struct plan_options){.name = f->name,
                               .only = f->only[0] ? f->only : NULL,
                               .class_name = f->class_name[0] ? f->class_name : NULL,
                               .peers = f->peers,
                               .queue = f->queue[0] ? f->queue : NULL,
                               .workload = f->workload[0] ? f->workload : NULL,
                               .pin = f->pin,
                               .seed = f->seed,
                               .budget_s = f->budget_s,
                               .rounds = f->rounds,
                               .sample_ms = f->sample_ms,
                               .keep_below = f->keep_below};
}
