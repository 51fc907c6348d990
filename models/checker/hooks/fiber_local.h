/* fiber_local.h: what each thread of the program has for itself: thread-local variables and errno. */
#ifndef MODELS_CHECKER_FIBER_LOCAL_H
#define MODELS_CHECKER_FIBER_LOCAL_H

#include <stddef.h>

/* Makes room for every thread's copy, at fixed addresses: 0 or an errno. After loader_tls is set. */
int fiber_local_init(void);

/* As the compiler passes it to __tls_get_addr, which the program calls as model_tls_get_addr. */
struct tls_index {
    size_t module, offset;
};

#endif
