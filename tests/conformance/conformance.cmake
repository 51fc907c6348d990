# cmake -DCC= -DSOURCE= -DWORK= -P conformance.cmake: wrong queues must not compile, and the
# compiler must name the operation that is wrong.
#
# Each wrong queue is ring_spsc under the name of wrong_queue with one thing changed. The unchanged
# copy must compile, or nothing here means anything.
file(READ ${SOURCE}/queues/ring_spsc.h right)
string(REPLACE "ring_spsc" "wrong_queue" right "${right}")
string(REPLACE "RING_SPSC" "WRONG_QUEUE" right "${right}")
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/queues)
set(failures 0)
set(count 0)

# Compiles stamp.c over this header; the answer in `status` and `said`.
macro(compile header)
  file(WRITE ${WORK}/queues/wrong_queue.h "${header}")
  file(WRITE ${WORK}/stamp_of_it.c "#define Q_NAME wrong_queue\n#define Q_ID wrong_queue\n"
       "#define Q_HEADER \"queues/wrong_queue.h\"\n#include \"harness/stamp.c\"\n")
  execute_process(COMMAND ${CC} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only
                          -I${WORK} -I${SOURCE} ${WORK}/stamp_of_it.c
                  RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
endmacro()

# `from` becomes `to` in the right header: the compiler must fail with words that match `names`.
function(refuses what from to names)
  math(EXPR n "${count} + 1")
  set(count ${n} PARENT_SCOPE)
  string(REPLACE "${from}" "${to}" header "${right}")
  if(header STREQUAL right)
    message("FAILED ${what}: ring_spsc.h has no text \"${from}\" to change")
    math(EXPR n "${failures} + 1")
    set(failures ${n} PARENT_SCOPE)
    return()
  endif()
  compile("${header}")
  # The first error with its notes: gcc says in a note which line of stamp.c it is about.
  string(FIND "${said}" " error: " at)
  if(at GREATER -1)
    math(EXPR at "${at} + 1")
    string(SUBSTRING "${said}" ${at} -1 first)
    string(FIND "${first}" " error: " at)
    string(SUBSTRING "${first}" 0 ${at} first)
  endif()
  if(status EQUAL 0)
    set(complaint "it compiles")
  elseif(NOT first MATCHES "${names}([^_a-z]|$)")
    set(complaint "the compiler does not name ${names}; it says\n${first}")
  else()
    message("ok ${what}")
    return()
  endif()
  message("FAILED ${what}: ${complaint}")
  math(EXPR n "${failures} + 1")
  set(failures ${n} PARENT_SCOPE)
endfunction()

compile("${right}")
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the unchanged copy of ring_spsc does not compile:\n${said}")
endif()

foreach(op init destroy attach detach push pop push_n pop_n close capacity bytes)
  refuses("missing ${op}" " wrong_queue_${op}(" " wrong_queue_other_${op}(" "wrong_queue_${op}")
endforeach()
refuses("missing push_wait and pop_wait" "Q_WAIT_BY_PARKING(wrong_queue)" ""
        "wrong_queue_(push|pop)_wait")
refuses("missing traits" "q_traits wrong_queue_traits" "q_traits wrong_queue_promises"
        "wrong_queue_traits")

refuses("push of a pointer" "q_item item)\n{\n    const uint64_t tail"
        "const q_item *item_at)\n{\n    const q_item item = *item_at;\n    const uint64_t tail"
        "(conforms|wrong_queue|N##)_push")
refuses("pop that answers int" "enum q_status wrong_queue_pop(" "int wrong_queue_pop("
        "(conforms|wrong_queue)_pop")
refuses("push_n that answers int" "size_t wrong_queue_push_n(" "int wrong_queue_push_n("
        "(conforms|wrong_queue)_push_n")
refuses("init that answers unsigned" "int wrong_queue_init(" "unsigned wrong_queue_init("
        "(conforms|wrong_queue)_init")
refuses("close without a handle" "close(struct wrong_queue *q, struct wrong_queue_handle *h)\n{"
        "close(struct wrong_queue *q)\n{\n    struct wrong_queue_handle other, *const h = &other;"
        "(conforms|wrong_queue)_close")
refuses("capacity with one argument too many" "wrong_queue_capacity(const struct"
        "wrong_queue_capacity(int unused, const struct" "(conforms|wrong_queue)_capacity")
refuses("bytes as a number" "struct q_bytes wrong_queue_bytes(const struct wrong_queue *q)\n{\n    return q_memory_bytes(&q->memory, sizeof *q)"
        "size_t wrong_queue_bytes(const struct wrong_queue *q)\n{\n    return q_memory_bytes(&q->memory, sizeof *q).now"
        "(conforms|wrong_queue)_bytes")
refuses("counts that are not first" "    struct q_counts counts;\n    uint64_t seen_head;"
        "    uint64_t seen_head;\n    struct q_counts counts;" "struct q_counts counts")
refuses("counts that are something else" "    struct q_counts counts;"
        "    struct { uint64_t cas_failed, retries, parks, wakes; int error, more[9]; } counts;"
        "(counts: q_counts|q_counts)")

if(failures)
  message(FATAL_ERROR "conformance: ${failures} of ${count} failed")
endif()
message("conformance: ${count} wrong queues refused by name")
