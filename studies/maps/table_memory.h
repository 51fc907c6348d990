/* table_memory.h: the memory of tables: zeroed, and where they are large, on large pages if the
 * kernel has some: a look into a table of many megabytes costs as much for the translation of its
 * address as for its line. */
#ifndef STUDIES_MAPS_TABLE_MEMORY_H
#define STUDIES_MAPS_TABLE_MEMORY_H

#include <sys/mman.h>

#include "queues/queue.h"

enum { MAP_LARGE_PAGE = 2 << 20 };

static inline size_t map_table_align(size_t bytes)
{
    return bytes >= MAP_LARGE_PAGE ? MAP_LARGE_PAGE : Q_LINE;
}

static inline void *map_table_alloc(struct q_memory *memory, size_t bytes)
{
    const size_t align = map_table_align(bytes);
    void *const p = q_alloc(memory, align, bytes);
    if (!p)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (align == MAP_LARGE_PAGE)
        madvise(p, (bytes + align - 1) & ~(align - 1), MADV_HUGEPAGE); /* a wish: may fail */
#endif
    memset(p, 0, bytes);
    return p;
}

static inline void map_table_free(struct q_memory *memory, void *p, size_t bytes)
{
    q_free(memory, p, map_table_align(bytes), bytes);
}

#endif
