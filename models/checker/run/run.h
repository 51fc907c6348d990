/* run.h: what step.c and the hooks need of run.c. */
#ifndef MODELS_CHECKER_RUN_H
#define MODELS_CHECKER_RUN_H

/* A thread begins, in state THREAD_READY; its first event is its EV_START. */
void run_thread(unsigned id, void *(*entry)(void *), void *argument);

/* The hooks' own state is what it was before main (hooks_libc.c calls on the others). */
void hooks_reset(void);
struct image;
void hooks_image(struct image *m); /* see image.h */

#endif
