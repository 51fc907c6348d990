/* loader.c: see loader.h. */
#include "models/checker/subject/loader.h"

#include <sys/single_threaded.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

#include "models/checker/hooks/fiber_local.h"
#include "models/checker/memory/heap.h"
#include "models/checker/hooks/hooks.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/report/source.h"
#include "models/checker/run/snapshot.h"

struct loader_tls loader_tls;

typedef int main_function(int, char **, char **);
typedef void begin_function(int, char **, char **);

static struct {
    void *handle;
    uintptr_t base, code, code_end;
    uintptr_t data, data_end; /* what remains writable */
    main_function *main;
    begin_function *begin;
    void (*function)(void);
} subject;

/* As main sees them. The C library's own, so that the program may read and even change them. */
static char program_name[PATH_MAX];
static char *program_argv[] = {program_name, NULL};

_Noreturn void model_exit(int status); /* hooks_libc.c */

void loader_fix_addresses(char **argv)
{
    const int now = personality(0xffffffff);
    if (now == -1 || now & ADDR_NO_RANDOMIZE ||
        personality((unsigned)now | ADDR_NO_RANDOMIZE) == -1)
        return; /* not permitted: then addresses are the same only within this process */
    char self[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = '\0';
        execv(self, argv);
    }
}

/* dlopen's own name for the object is its base address. */
static int look_at_segments(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    if (info->dlpi_addr != subject.base)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        const uintptr_t from = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && p->p_flags & PF_W) {
            subject.data = from;
            subject.data_end = from + p->p_memsz;
        } else if (p->p_type == PT_LOAD && p->p_flags & PF_X) {
            subject.code = from;
            subject.code_end = from + p->p_memsz;
        } else if (p->p_type == PT_TLS) {
            loader_tls = (struct loader_tls){.module = info->dlpi_tls_modid,
                                             .image = (const void *)from,
                                             .image_bytes = p->p_filesz,
                                             .bytes = p->p_memsz,
                                             .align = p->p_align};
        }
    }
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        const uintptr_t end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
        if (p->p_type == PT_GNU_RELRO && end > subject.data && end <= subject.data_end)
            subject.data = end;
    }
    return 1;
}

/* std::terminate prints the exception, in every execution that comes to it, and aborts. */
static void on_terminate(void)
{
    if (current)
        fault_raise(FAULT_ASSERTION, NULL, 0,
                    "std::terminate() was called: an exception that nobody catches, or a joinable "
                    "std::thread that is destroyed");
    abort();
}

/* The C++ library, if the program brought it: std::cout and its like begin to exist now, on the
 * streams as they are before main takes them away. */
static void prepare_cxx(void)
{
    static char made[64]; /* std::ios_base::Init, an empty class */
    void (*init)(void *);
    void (*(*set_terminate)(void (*)(void)))(void);
    *(void **)&init = dlsym(subject.handle, "_ZNSt8ios_base4InitC1Ev");
    *(void **)&set_terminate = dlsym(subject.handle, "_ZSt13set_terminatePFvvE");
    if (init)
        init(made);
    if (set_terminate)
        set_terminate(on_terminate);
}

static bool fails(char *why, size_t size, const char *what, int error)
{
    snprintf(why, size, "%s: %s", what, strerror(error));
    return false;
}

bool loader_open(const char *object, const char *name, char *why, size_t size)
{
    char path[PATH_MAX];
    if (!realpath(object, path)) { /* dlopen would look for a name without `/` elsewhere */
        snprintf(why, size, "cannot read %s: %s", object, strerror(errno));
        return false;
    }
    subject.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!subject.handle) {
        snprintf(why, size, "cannot load the program: %s", dlerror());
        return false;
    }
    struct link_map *map;
    if (dlinfo(subject.handle, RTLD_DI_LINKMAP, &map)) {
        snprintf(why, size, "cannot find the program in memory: %s", dlerror());
        return false;
    }
    subject.base = map->l_addr;
    dl_iterate_phdr(look_at_segments, NULL);
    *(void **)&subject.begin = dlsym(subject.handle, "model_subject_begin");
    *(void **)&subject.main = dlsym(subject.handle, "model_subject_main");
    snapshot_never = dlsym(subject.handle, "model_subject_unseen_state") != NULL;
    if (!subject.begin) {
        snprintf(why, size, "%s was not made by models/checker/subject/build_subject.sh", object);
        return false;
    }
    prepare_cxx();
    __libc_single_threaded = 0; /* else shared_ptr counts without atomics: libstdc++ asks glibc */
    snprintf(program_name, sizeof program_name, "%s", name);

    source_open(path, subject.base);
    int error = 0;
    if (subject.data_end > subject.data)
        error =
            shadow_region((void *)subject.data, subject.data_end - subject.data, REGION_DATA, 0);
    if (error)
        return fails(why, size, "cannot watch the program's variables", error);
    if ((error = heap_init()))
        return fails(why, size, "cannot make the program's heap", error);
    if ((error = fiber_local_init()))
        return fails(why, size, "cannot make the program's thread-local storage", error);
    return true;
}

bool loader_start_at(const char *function)
{
    if (!function)
        return subject.main != NULL;
    *(void **)&subject.function = dlsym(subject.handle, function);
    return subject.function && loader_is_code((uintptr_t)subject.function);
}

const void *loader_find(const char *name) { return dlsym(subject.handle, name); }

void loader_run(void *unused)
{
    (void)unused;
    int status = 0;
    subject.begin(1, program_argv, environ);
    if (subject.function)
        subject.function();
    else
        status = subject.main(1, program_argv, environ);
    model_exit(status);
}

bool loader_is_code(uintptr_t pc) { return pc >= subject.code && pc < subject.code_end; }
