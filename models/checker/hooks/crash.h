/* crash.h: signals that the program under test causes, and a program that does not come to an end. */
#ifndef MODELS_CHECKER_CRASH_H
#define MODELS_CHECKER_CRASH_H

/* From now on SIGSEGV and its like become FAULT_CRASH, and ten seconds of processor time without an
 * event become FAULT_UNBOUNDED, also in child processes. 0 or an errno. */
int crash_init(void);

#endif
