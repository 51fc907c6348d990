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
    const char *const peer = t->peer ? t->peer : "";
    switch (form) {
    case LIST_TABLE:
        fprintf(out, "%-24s %-8s %-14s %4s:%-4s %-9s %-9s %-23s %s%s%s\n", d->name, t->family,
                class, producers, consumers, progress_names[t->push], progress_names[t->pop],
                order_names[t->order], peer, t->peer ? ": " : "", t->summary);
        break;
    case LIST_MARKDOWN:
        fprintf(out, "| `%s` | %s | %s | %s:%s | %s | %s | %s | %s | %s | %s | %s | %s%s%s |\n",
                d->name, t->family, class, producers, consumers, t->bounded ? "yes" : "no",
                order_names[t->order], progress_names[t->push], progress_names[t->pop],
                t->exact ? "yes" : "no", native, t->summary, peer, t->peer ? ": " : "", t->source);
        break;
    case LIST_JSON:
        fprintf(out,
                "%s\n {\"name\":\"%s\",\"family\":\"%s\",\"class\":\"%s\",\"peer\":\"%s\","
                "\"inner\":\"%s\",\"producers\":%u,"
                "\"consumers\":%u,\"bounded\":%s,\"order\":\"%s\",\"push\":\"%s\",\"pop\":\"%s\","
                "\"exact\":%s,\"close_any\":%s,\"lanes\":%u,\"floor\":%s,\"native\":\"%s\","
                "\"queue_bytes\":%zu,\"handle_bytes\":%zu,\"summary\":\"%s\",\"source\":\"%s\"}",
                first ? "" : ",", d->name, t->family, class, peer, d->inner, t->producers,
                t->consumers, t->bounded ? "true" : "false", order_names[t->order],
                progress_names[t->push], progress_names[t->pop], t->exact ? "true" : "false",
                t->close_any ? "true" : "false", t->lanes, t->floor ? "true" : "false", native,
                d->queue_bytes, d->handle_bytes, t->summary, t->source);
        break;
    }
}

size_t list_queues(FILE *out, enum list_form form, bool peers)
{
    size_t n = 0;
    if (form == LIST_TABLE)
        fprintf(out, "%-24s %-8s %-14s %4s:%-4s %-9s %-9s %-23s %s\n", "queue", "family", "class",
                "p", "c", "push", "pop", "order", peers ? "version: summary" : "summary");
    else if (form == LIST_MARKDOWN)
        fprintf(out,
                "| queue | family | class | producers:consumers | bounded | order | push | pop "
                "| exact | native | what | source |\n"
                "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    else
        fputc('[', out);
    for (const struct q_driver *const *d = q_drivers; *d; d++)
        if ((*d)->item_bytes == 8 && strcmp((*d)->call, "inline") == 0 &&
            ((*d)->traits->peer != NULL) == peers)
            list_one(out, form, *d, n++ == 0);
    if (form == LIST_JSON)
        fprintf(out, "\n]\n");
    return n;
}

void list_workloads(FILE *out)
{
    fprintf(out, "%-11s %s\n", "workload", "what");
    for (size_t i = 0; i < workload_count; i++)
        fprintf(out, "%-11s %s\n", workloads[i].name, workloads[i].what);
}
