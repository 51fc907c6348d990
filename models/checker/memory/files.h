/* files.h: the files of the program, in the checker's memory; there are none when an execution
 * begins.
 *
 * A file is what a chain of changes has made of it. Each change takes the place after the one it
 * found last (hooks_file.c: a read-modify-write of the file's location, which counts them), and what
 * the file was after each is kept: a read that nothing orders after the newest may see an older one. */
#ifndef MODELS_CHECKER_FILES_H
#define MODELS_CHECKER_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FILES_MAX = 8,
    FILE_BYTES = 4096,
    FILE_NAME = 64,
    FILE_OPENINGS = 16, /* of one file */
    FILE_CHANGES = 256, /* of one file */
    FILE_OPENS = 16,    /* of one thread */
    FILE_FD = 3         /* the first descriptor */
};

/* A file after one of its changes. */
struct file_state {
    const char *what; /* the change, for people: "writes", at, n */
    uint32_t at, n;
    uint32_t size;
    uint32_t writes; /* and cuts */
    uint32_t position[FILE_OPENINGS];
    uint16_t shared;   /* flock: a bit for each opening that has a shared lock */
    uint8_t exclusive; /* 1 + the opening that has the lock */
    unsigned char byte[FILE_BYTES];
};

struct file {
    char name[FILE_NAME]; /* as it was created, for people */
    uint8_t openings;
    uint16_t changes;         /* state[changes] is the last one that is there */
    struct file_state *state; /* [FILE_CHANGES + 1]; state[0]: as created, empty */
};

/* A descriptor is never used again, so that what comes after close() is told apart from what comes
 * after another open(). */
struct descriptor {
    uint64_t mark; /* read by each use, written by close(): they must be ordered (shadow.h) */
    bool opened, closed;
    struct file *file; /* NULL: a directory */
    uint8_t opening;
    int flags;
};

/* The number of changes of which names there are: a location as each file is one. */
extern struct directory {
    uint8_t n;
    struct {
        char name[FILE_NAME];
        struct file *file; /* NULL: it was unlinked */
    } entry[FILES_MAX];
} file_directory;

extern uint64_t files_full_at;  /* ENOSPC for what makes a file longer than that */
extern unsigned files_fails_at; /* EIO for the nth write or cut of a file; 0: none */

void files_reset(void); /* a new execution */
struct image;
void files_image(struct image *m); /* image.h */

/* The file of that name, or NULL. */
struct file *file_find(const char *name);
/* A new, empty one; NULL: too many. */
struct file *file_create(const char *name);
void file_rename(const char *from, const char *to);
void file_unlink(const char *name);

/* After the changes that made state[before], one more: a copy to be changed; NULL: too many. */
struct file_state *file_change(struct file *f, unsigned before);
/* How many of n bytes at this offset the disk takes, the file being as it is. */
size_t file_room(const struct file_state *s, uint64_t at, size_t n);
/* at + n is at most FILE_BYTES; a gap before it is filled with zeros. */
void file_put(struct file_state *s, uint64_t at, const void *bytes, size_t n);
size_t file_get(const struct file_state *s, uint64_t at, void *bytes, size_t n);
void file_cut(struct file_state *s, uint64_t size);

/* The nth descriptor that this thread opens; NULL: too many. And by number: NULL: never opened. */
struct descriptor *file_descriptor_new(unsigned thread, int *fd);
struct descriptor *file_descriptor(int fd);

/* The change number `change` of the file at this address, for people; NULL: of names, or none. */
const char *file_what(uintptr_t address, unsigned change, uint32_t *at, uint32_t *n);
/* `file "log"`, "descriptor 3": false if the address is of neither. */
bool files_name(uintptr_t address, char *text, size_t size);

#endif
