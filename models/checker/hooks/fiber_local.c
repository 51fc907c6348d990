/* fiber_local.c: see fiber_local.h. */
#include "models/checker/hooks/fiber_local.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "models/checker/hooks/hooks.h"
#include "models/checker/subject/loader.h"
#include "models/checker/memory/shadow.h"

void *__tls_get_addr(struct tls_index *index); /* the C library's */

static char *const BASE = (char *)0x5e0000000000; /* below heap and stacks, far from everything */
enum { PAGE = 4096 };

static char *blocks;
static size_t stride;

int fiber_local_init(void)
{
    if (loader_tls.bytes == 0)
        return 0;
    const size_t align = loader_tls.align > PAGE ? loader_tls.align : PAGE;
    stride = (loader_tls.bytes + align - 1) / align * align;
    blocks = mmap(BASE, stride * MODEL_THREADS, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    if (blocks != BASE) /* taken, or a kernel that does not know MAP_FIXED_NOREPLACE */
        return blocks == MAP_FAILED ? errno : EEXIST;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        const int error = shadow_region(blocks + t * stride, stride, REGION_DATA, t);
        if (error)
            return error;
    }
    return 0;
}

static void fill(struct thread *t)
{
    char *const block = blocks + t->id * stride;
    memcpy(block, loader_tls.image, loader_tls.image_bytes);
    memset(block + loader_tls.image_bytes, 0, loader_tls.bytes - loader_tls.image_bytes);
    t->tls_ready = true;
}

/* Only the program's own variables are each fiber's own; those of other libraries are the one OS
 * thread's. */
HOOK(void *, model_tls_get_addr, struct tls_index *index)
{
    if (!current || index->module != loader_tls.module)
        return __tls_get_addr(index);
    if (!current->tls_ready)
        fill(current);
    return blocks + current->id * stride + index->offset;
}

HOOK(int *, model_errno_location, void)
{
    if (!current)
        return &errno;
    return &current->error;
}
