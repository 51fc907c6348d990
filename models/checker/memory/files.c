/* files.c: see files.h. */
#include "models/checker/memory/files.h"

#include <stdio.h>
#include <string.h>

#include "models/checker/explore/graph.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/run/image.h"

struct directory file_directory;
uint64_t files_full_at;
unsigned files_fails_at;

static struct file files[FILES_MAX];
static struct file_state states[FILES_MAX][FILE_CHANGES + 1]; /* only what is touched is there */
static unsigned file_count;

static struct descriptor descriptors[MODEL_THREADS][FILE_OPENS];
static uint8_t opened[MODEL_THREADS];
static bool known; /* to the record of accesses */

void files_reset(void)
{
    files_full_at = UINT64_MAX;
    files_fails_at = 0;
    file_count = 0;
    file_directory.n = 0;
    for (unsigned t = 0; known && t < MODEL_THREADS; t++) {
        memset(descriptors[t], 0, opened[t] * sizeof descriptors[t][0]);
        opened[t] = 0;
    }
}

void files_image(struct image *m)
{
    if (m->restoring) /* what lies behind the last descriptor is zero */
        for (unsigned t = 0; t < MODEL_THREADS; t++)
            memset(descriptors[t], 0, opened[t] * sizeof descriptors[t][0]);
    image_part(m, &files_full_at, sizeof files_full_at);
    image_part(m, &files_fails_at, sizeof files_fails_at);
    image_part(m, &file_count, sizeof file_count);
    image_part(m, &file_directory.n, sizeof file_directory.n);
    image_part(m, file_directory.entry, file_directory.n * sizeof file_directory.entry[0]);
    for (unsigned i = 0; i < file_count; i++) {
        image_part(m, &files[i], sizeof files[i]);
        for (unsigned k = 0; k <= files[i].changes; k++) {
            image_part(m, &states[i][k], offsetof(struct file_state, byte));
            image_part(m, states[i][k].byte, states[i][k].size);
        }
    }
    image_part(m, opened, sizeof opened);
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        image_part(m, descriptors[t], opened[t] * sizeof descriptors[t][0]);
}

/* ---- names --------------------------------------------------------------------------------- */

static struct file **entry_of(const char *name)
{
    for (unsigned i = 0; i < file_directory.n; i++)
        if (file_directory.entry[i].file && strcmp(file_directory.entry[i].name, name) == 0)
            return &file_directory.entry[i].file;
    return NULL;
}

struct file *file_find(const char *name)
{
    struct file **const at = entry_of(name);
    return at ? *at : NULL;
}

static bool enter(const char *name, struct file *f)
{
    unsigned i = 0;
    while (i < file_directory.n && file_directory.entry[i].file)
        i++;
    if (i == FILES_MAX)
        return false;
    if (i == file_directory.n)
        file_directory.n++;
    snprintf(file_directory.entry[i].name, FILE_NAME, "%s", name);
    file_directory.entry[i].file = f;
    return true;
}

struct file *file_create(const char *name)
{
    if (file_count == FILES_MAX)
        return NULL;
    struct file *const f = &files[file_count];
    *f = (struct file){.state = states[file_count]};
    snprintf(f->name, sizeof f->name, "%s", name);
    memset(f->state, 0, offsetof(struct file_state, byte));
    file_count++;
    enter(name, f); /* there is room: one entry for each file at most */
    return f;
}

void file_unlink(const char *name)
{
    struct file **const at = entry_of(name);
    if (at)
        *at = NULL;
}

void file_rename(const char *from, const char *to)
{
    struct file *const f = file_find(from);
    file_unlink(from);
    file_unlink(to);
    enter(to, f);
}

/* ---- content ------------------------------------------------------------------------------- */

struct file_state *file_change(struct file *f, unsigned before)
{
    if (before == FILE_CHANGES)
        return NULL;
    struct file_state *const s = &f->state[before + 1];
    if (f->changes <= before)
        f->changes = (uint16_t)(before + 1);
    memcpy(s, &f->state[before], offsetof(struct file_state, byte) + f->state[before].size);
    return s;
}

size_t file_room(const struct file_state *s, uint64_t at, size_t n)
{
    const uint64_t end = files_full_at > s->size ? files_full_at : s->size;
    const uint64_t room = end > at ? end - at : 0;
    return n < room ? n : (size_t)room;
}

void file_cut(struct file_state *s, uint64_t size)
{
    if (size > s->size)
        memset(s->byte + s->size, 0, size - s->size);
    s->size = (uint32_t)size;
}

void file_put(struct file_state *s, uint64_t at, const void *bytes, size_t n)
{
    if (at + n > s->size)
        file_cut(s, at + n);
    memcpy(s->byte + at, bytes, n);
}

size_t file_get(const struct file_state *s, uint64_t at, void *bytes, size_t n)
{
    const size_t ahead = at < s->size ? s->size - (size_t)at : 0;
    if (n > ahead)
        n = ahead;
    memcpy(bytes, s->byte + (n ? at : 0), n);
    return n;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

struct descriptor *file_descriptor_new(unsigned thread, int *fd)
{
    if (!known && shadow_region(descriptors, sizeof descriptors, REGION_DATA, 0) != 0)
        return NULL;
    known = true;
    if (opened[thread] == FILE_OPENS)
        return NULL;
    *fd = (int)(FILE_FD + thread * FILE_OPENS + opened[thread]);
    struct descriptor *const d = &descriptors[thread][opened[thread]++];
    *d = (struct descriptor){.opened = true};
    return d;
}

struct descriptor *file_descriptor(int fd)
{
    const unsigned i = (unsigned)fd - FILE_FD;
    if (fd < FILE_FD || i >= MODEL_THREADS * FILE_OPENS)
        return NULL;
    struct descriptor *const d = &descriptors[i / FILE_OPENS][i % FILE_OPENS];
    return d->opened ? d : NULL;
}

const char *file_what(uintptr_t address, unsigned change, uint32_t *at, uint32_t *n)
{
    for (const struct file *f = files; f < files + file_count; f++)
        if (address == (uintptr_t)f && change <= FILE_CHANGES) {
            *at = f->state[change].at;
            *n = f->state[change].n;
            return f->state[change].what;
        }
    return NULL;
}

bool files_name(uintptr_t address, char *text, size_t size)
{
    for (const struct file *f = files; f < files + file_count; f++)
        if (address == (uintptr_t)f) {
            snprintf(text, size, "file \"%s\"", f->name);
            return true;
        }
    if (address == (uintptr_t)&file_directory) {
        snprintf(text, size, "the names of files");
        return true;
    }
    const uintptr_t offset = address - (uintptr_t)descriptors;
    if (offset >= sizeof descriptors)
        return false;
    snprintf(text, size, "descriptor %zu", FILE_FD + offset / sizeof descriptors[0][0]);
    return true;
}
