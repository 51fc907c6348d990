/* source_type.h: the names of the parts of structures, from the debug information. */
#ifndef MODELS_CHECKER_SOURCE_TYPE_H
#define MODELS_CHECKER_SOURCE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void source_type_open(const char *object); /* read when first asked for */

bool source_type_known(const char *name); /* a structure, a union or a typedef */

/* The part of an object of this type at this offset: ".next", "[2].turn". An object larger than
 * the type is an array of it. False, text untouched: not known. */
bool source_type_part(const char *type, size_t offset, size_t object_size, char *text, size_t size);

/* The global variable at this address in the object, and its part at this offset: "app::ring.tail";
 * whole: at offset 0 it is all of it. False, text untouched: not known. */
bool source_variable(uint64_t address, size_t offset, bool whole, char *text, size_t size);

/* The part of a local variable, by the address's distance from the frame's top (the canonical frame
 * address) in the function that the site is in; whole: its first byte is all of it. */
bool source_local_part(uint32_t site, int64_t from_top, bool whole, char *text, size_t size);

/* Where that function begins, as a site; 0: not known. */
uint32_t source_function_begin(uint32_t site);

#endif
