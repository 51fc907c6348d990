/* source_name.h: what addresses are called: globals by the symbol table, heap objects by the line
 * that allocated them, their parts by the debug information where it is there. */
#ifndef MODELS_CHECKER_SOURCE_NAME_H
#define MODELS_CHECKER_SOURCE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void source_name_open(const char *object);

/* From the source line that allocates: "node" of "struct node *n = malloc(sizeof *n);". "heap" if
 * it does not tell. */
void source_allocation_name(const char *line, char *name, size_t size);

/* What a pointer of this value points to: "&node#2", "&queue.head"; false: nothing known. */
bool source_name_pointer(uintptr_t value, char *text, size_t size);

/* The object that begins here is called so (where its own line says little: "void *p = malloc(n)").
 * NULL: forget all such names. */
void source_name_object(uintptr_t base, const char *name);

#endif
