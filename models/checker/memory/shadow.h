/* shadow.h: what the checker knows about each byte of the program's memory in this execution: who
 * accessed it last (races), whether it was ever written, whether it has been restored.
 *
 * A race is two accesses to one byte, from different threads, neither hb-before the other, at
 * least one a write, at least one plain. A free counts as a plain write of the whole object. */
#ifndef MODELS_CHECKER_SHADOW_H
#define MODELS_CHECKER_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program's memory: its data and bss, the heap's arenas, the fibers' stacks. Before the first
 * execution. `undo`: what the program writes there is put back before the next execution (data);
 * else whoever hands the memory out fills it (heap, stacks). 0 or an errno. */
enum region_kind { REGION_DATA, REGION_HEAP, REGION_STACK };
int shadow_region(void *base, size_t bytes, enum region_kind kind, unsigned thread);

/* A new execution: undoes what was written to data, forgets all accesses. O(what was touched). */
void shadow_reset(void);

/* What shadow_reset would forget and undo: see image.h. */
struct image;
void shadow_image(struct image *m);
bool shadow_stack_shared(unsigned thread); /* has another thread ever touched its stack? */

/* One access by `current`, now: raises FAULT_RACE and, on the heap, the heap's faults. Fast where
 * only one thread ever touches the memory (its own stack). Memory in no region: FAULT_CRASH for
 * null pages, else it is let pass (constants, the C library's own). An atomic access is announced
 * before its event is counted in current->po, but with what it acquires in current->hb; whether its
 * memory is initialised is asked before that. */
bool shadow_plain(uintptr_t address, size_t n, bool write, uintptr_t pc); /* has it a location? */
void shadow_atomic(uintptr_t address, size_t n, bool write, uintptr_t pc);

/* Atomics living in plain memory: step_plain asks whether any does. */
void shadow_set_loc(uintptr_t address, size_t n, uint16_t loc);
bool shadow_has_loc(uintptr_t address, size_t n); /* any location in these bytes? */
void shadow_atomic_loc(uintptr_t address, size_t n, bool write, uint16_t loc,
                       uintptr_t pc); /* both */

/* Before a write to the program's data that is not checked: what is there now is put back before the
 * next execution. Checked writes (and a hidden thread's) need not say so. */
void shadow_will_write(uintptr_t address, size_t n);

/* The heap takes back n bytes: checks that every access to them is hb-before this free. */
void shadow_free(uintptr_t address, size_t n, uintptr_t pc);

/* Were all these bytes written, or zeroed by the allocation? False only on the heap. */
bool shadow_initialised(uintptr_t address, size_t n);

/* Calls visit with the present content of every 8-byte word of data that this execution wrote: the
 * only places outside the heap where pointers to its objects can be. */
void shadow_each_written(void (*visit)(uint64_t word));

/* A thread touched another thread's stack for the first time: the exploration must begin again,
 * now knowing that this stack is shared (its accesses were not recorded until now). */
extern bool shadow_restart;

#endif
