/* subject.h: words a scenario may say to the checker. Any program may include it: outside the
 * checker they do nothing. */
#ifndef MODELS_CHECKER_SUBJECT_H
#define MODELS_CHECKER_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* An operation begins and ends: for linearizability and for the report. kind and result: the
 * numbers of history.h (OP_PUSH 0, OP_POP 1, OP_CLOSE 2; RESULT_OK 0, ...). */
void model_call(unsigned kind, uint64_t item, unsigned lane) __attribute__((weak));
void model_return(unsigned result, uint64_t item) __attribute__((weak));

/* A claim about this execution; false: FAULT_INVARIANT with the text. */
void model_claim(bool holds, const char *text) __attribute__((weak));

/* The environment chooses 0 .. n-1. */
unsigned model_choose(unsigned n) __attribute__((weak));

/* Main's to say, while it is alone. From now on no file grows longer than this: the disk is full. */
void model_disk_full_at(uint64_t bytes) __attribute__((weak));
/* The nth time that a file is written or cut, counted for each file from 1, is an EIO. */
void model_disk_fails_at(unsigned n) __attribute__((weak));
/* From here on the kernel refuses membarrier (ENOSYS): said before a program registers, a kernel
 * that has none; after, one that has come to forbid it (a seccomp filter). */
void model_refuse_membarrier(void) __attribute__((weak));

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
