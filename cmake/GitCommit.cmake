# Run at every build: cmake -DSOURCE=dir -DOUTPUT=file -P GitCommit.cmake
#
# Writes the commit the sources are at into a header, and touches the header only when that
# changed. "+dirty": what the measured binary is made of differs from that commit (a regenerated
# report or ledger does not). "unknown": no git, no commit yet, or SOURCE lies inside somebody else's tree.
set(commit unknown)
find_program(git git)
if(git)
  function(ask result)
    execute_process(COMMAND ${git} --no-optional-locks ${ARGN} WORKING_DIRECTORY ${SOURCE}
      OUTPUT_VARIABLE answer RESULT_VARIABLE status ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT status EQUAL 0)
      set(answer NOTFOUND)
    endif()
    set(${result} "${answer}" PARENT_SCOPE)
  endfunction()
  ask(inside rev-parse --show-prefix) # empty at the top of a tree
  ask(hash rev-parse --verify HEAD)
  if("${inside}" STREQUAL "" AND hash)
    ask(changes status --porcelain -- CMakeLists.txt cmake queues harness studies
      ":(exclude)studies/claims.tsv")
    set(commit ${hash})
    if(NOT "${changes}" STREQUAL "")
      string(APPEND commit +dirty)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY
  CONTENT "/* Made by cmake/GitCommit.cmake. */\n#define QUEUELAB_COMMIT \"${commit}\"\n")
