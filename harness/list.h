/* list.h: the registry as a table, markdown or JSON. */
#ifndef HARNESS_LIST_H
#define HARNESS_LIST_H

#include <stdbool.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum list_form { LIST_TABLE, LIST_MARKDOWN, LIST_JSON };
void list_queues(FILE *out, enum list_form form, bool peers); /* ours, or other people's */
void list_workloads(FILE *out);

#ifdef __cplusplus
}
#endif

#endif
