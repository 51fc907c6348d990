#include "harness/list.h"

#include <stdbool.h>
#include <string.h>

#include "harness/class.h"
#include "harness/driver.h"
#include "harness/workload.h"

const struct q_driver *q_driver_find(const char *name, size_t item_bytes, const char *call)
{
    for (const struct q_driver *const *d = q_drivers; *d; d++)
        if (strcmp((*d)->name, name) == 0 && (*d)->item_bytes == item_bytes &&
            strcmp((*d)->call, call) == 0)
            return *d;
    return NULL;
}

static const char *const order_names[] = {"FIFO", "FIFO per producer", "priority, FIFO per lane",
                                          "unordered"};

static const char *count_name(unsigned n, char *text, size_t size)
{
    if (n == 0)
        return "any";
    snprintf(text, size, "%u", n);
    return text;
}

static void list_one(FILE *out, enum list_form form, const struct q_driver *d, bool first)
{
    const struct q_traits *t = d->traits;
    char p[12], c[12];
    const char *producers = count_name(t->producers, p, sizeof p);
    const char *consumers = count_name(t->consumers, c, sizeof c);
    if (t->one_thread)
        producers = consumers = "same";
    const char *native = t->native == (Q_BATCH | Q_WAIT) ? "batch, wait"
                         : t->native & Q_BATCH           ? "batch"
                         : t->native & Q_WAIT            ? "wait"
                                                         : "-";
    const enum q_class c_number = class_of(t);
    const char *const class = c_number == CLASSES ? "floor" : class_names[c_number];
    switch (form) {
    case LIST_TABLE:
        fprintf(out, "%-32s %-8s %-14s %4s:%-4s %-9s %-9s %-23s %s\n", d->name, t->family, class,
                producers, consumers, progress_names[t->push], progress_names[t->pop],
                order_names[t->order], t->summary);
        if (t->peer)
            fprintf(out, "%-32s %s; condition: %s\n", "", t->peer, t->condition);
        break;
    case LIST_MARKDOWN:
        fprintf(out, "| `%s` | %s | %s | %s:%s | %s | %s | %s | %s | %s | %s | %s | %s |", d->name,
                t->family, class, producers, consumers, t->bounded ? "yes" : "no",
                order_names[t->order], progress_names[t->push], progress_names[t->pop],
                t->exact ? "yes" : "no", native, t->summary, t->source);
        if (t->peer)
            fprintf(out, " %s | %s |", t->peer, t->condition);
        fputc('\n', out);
        break;
    case LIST_JSON:
        fprintf(out,
                "%s\n {\"name\":\"%s\",\"family\":\"%s\",\"class\":\"%s\",\"inner\":\"%s\","
                "\"producers\":%u,"
                "\"consumers\":%u,\"bounded\":%s,\"order\":\"%s\",\"push\":\"%s\",\"pop\":\"%s\","
                "\"exact\":%s,\"close_any\":%s,\"lanes\":%u,\"floor\":%s,\"native\":\"%s\","
                "\"queue_bytes\":%zu,\"handle_bytes\":%zu,\"summary\":\"%s\",\"source\":\"%s\"",
                first ? "" : ",", d->name, t->family, class, d->inner, t->producers, t->consumers,
                t->bounded ? "true" : "false", order_names[t->order], progress_names[t->push],
                progress_names[t->pop], t->exact ? "true" : "false",
                t->close_any ? "true" : "false", t->lanes, t->floor ? "true" : "false", native,
                d->queue_bytes, d->handle_bytes, t->summary, t->source);
        if (t->peer)
            fprintf(out, ",\"peer\":\"%s\",\"condition\":\"%s\"", t->peer, t->condition);
        fputc('}', out);
        break;
    }
}

/* The peers that are not in this build. */
static void list_absent(FILE *out, enum list_form form, bool first)
{
    for (const struct q_absent *a = q_peers_absent; a->name; a++) {
        if (form == LIST_JSON)
            fprintf(out, "%s\n {\"name\":\"%s\",\"absent\":\"%s\",\"package\":\"%s\"}",
                    a == q_peers_absent && first ? "" : ",", a->name, a->why, a->package);
        else if (form == LIST_MARKDOWN)
            fprintf(out, "| `%s` | not in this build: %s; package %s |\n", a->name, a->why,
                    a->package);
        else
            fprintf(out, "%-32s NOT IN THIS BUILD: %s; package %s\n", a->name, a->why, a->package);
    }
}

void list_queues(FILE *out, enum list_form form, bool peers)
{
    bool first = true;
    if (form == LIST_TABLE)
        fprintf(out, "%-32s %-8s %-14s %4s:%-4s %-9s %-9s %-23s %s\n", "queue", "family", "class",
                "p", "c", "push", "pop", "order", "summary");
    else if (form == LIST_MARKDOWN)
        fprintf(out,
                "| queue | family | class | producers:consumers | bounded | order | push | pop "
                "| exact | native | what | source |%s\n"
                "|---|---|---|---|---|---|---|---|---|---|---|---|%s\n",
                peers ? " package | condition |" : "", peers ? "---|---|" : "");
    else
        fputc('[', out);
    for (const struct q_driver *const *d = q_drivers; *d; d++)
        if ((*d)->item_bytes == 8 && strcmp((*d)->call, "inline") == 0 &&
            ((*d)->traits->peer != NULL) == peers) {
            list_one(out, form, *d, first);
            first = false;
        }
    if (peers)
        list_absent(out, form, first);
    if (form == LIST_JSON)
        fprintf(out, "\n]\n");
}

void list_workloads(FILE *out)
{
    fprintf(out, "%-11s %s\n", "workload", "what");
    for (size_t i = 0; i < workload_count; i++)
        fprintf(out, "%-11s %s\n", workloads[i].name, workloads[i].what);
}
