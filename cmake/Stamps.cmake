# One object per line of queues/queues.def and per variant: harness/stamp.c compiled with the
# queue's header inlined into the measured loops. stamps_create() makes the object library
# queuelab_stamps and drivers.c, the table of all of them and of the peers (Peers.cmake), which come
# last. Peers and variants have line numbers (-g1) and no more for the debugger in a Debug build: types and
# variables of so many copies are a third of its time, and valgrind reads them for each test.
set(stamp_brief_debug $<$<CONFIG:Debug>:-g1>)
set(queues_def ${CMAKE_CURRENT_SOURCE_DIR}/queues/queues.def)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${queues_def})

# Whether this machine has a compare-and-swap of 16 bytes, as queues/atomics.h decides.
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_FLAGS "-I${CMAKE_CURRENT_SOURCE_DIR} -D_GNU_SOURCE")
check_c_source_compiles("#include \"queues/atomics.h\"
#ifndef A_HAS_CAS2
#error none
#endif
int main(void) { return 0; }" QUEUELAB_HAS_CAS2)
unset(CMAKE_REQUIRED_FLAGS)

# Can queue NAME be built here? Its header says what it needs. Who is left out is named at the end.
function(queue_possible result name)
  set(${result} TRUE PARENT_SCOPE)
  set(header ${PROJECT_SOURCE_DIR}/queues/${name}.h)
  if(QUEUELAB_HAS_CAS2 OR NOT EXISTS ${header})
    return()
  endif()
  file(STRINGS ${header} needs REGEX "^#ifndef A_HAS_CAS2")
  if(needs)
    set(${result} FALSE PARENT_SCOPE)
    get_property(left_out GLOBAL PROPERTY QUEUELAB_LEFT_OUT)
    if(NOT left_out MATCHES "${name}: ")
      found_note(FALSE ${name} "this machine has no compare-and-swap of 16 bytes" "")
    endif()
  endif()
endfunction()

# Writes stamps/FILE: the loops over HEADER, whose prefix is NAME, as q_driver_ID.
function(stamp_file result file name definitions id header)
  set(source ${PROJECT_BINARY_DIR}/stamps/${file})
  set(text "/* Made by cmake/Stamps.cmake. */\n")
  string(APPEND text "#define Q_NAME ${name}\n#define Q_ID ${id}\n")
  list(REMOVE_ITEM definitions "") # what a list that begins empty leaves in front
  foreach(definition IN LISTS definitions)
    string(REPLACE "=" " " definition "${definition}")
    string(APPEND text "#define ${definition}\n")
  endforeach()
  string(APPEND text "#define Q_HEADER \"${header}\"\n#include \"harness/stamp.c\"\n")
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
  set(${result} ${source} PARENT_SCOPE)
endfunction()

function(stamp id name definitions)
  stamp_file(source ${id}.c ${name} "${definitions}" ${id} queues/${name}.h)
  set_property(GLOBAL APPEND PROPERTY QUEUELAB_STAMPS ${source})
  set_property(GLOBAL APPEND PROPERTY QUEUELAB_STAMP_IDS ${id})
endfunction()

function(stamp_variants id name definitions)
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/queues/${name}.h)
    message(WARNING "queues/queues.def names ${name}, but there is no queues/${name}.h")
    return()
  endif()
  queue_possible(possible ${name})
  if(NOT possible)
    return()
  endif()
  stamp(${id} ${name} "${definitions}")
  if(QUEUELAB_INDIRECT)
    stamp(${id}_indirect ${name} "${definitions};STAMP_CALL_INDIRECT=1")
  endif()
  if(QUEUELAB_PAYLOAD64)
    stamp(${id}_64 ${name} "${definitions};Q_ITEM_BYTES=64")
  endif()
endfunction()

function(stamps_create)
  file(STRINGS ${queues_def} lines REGEX "^QUEUE")
  foreach(line IN LISTS lines)
    if(line MATCHES "^QUEUE\\(([a-z0-9_]+)\\)$")
      stamp_variants(${CMAKE_MATCH_1} ${CMAKE_MATCH_1} "")
    elseif(line MATCHES "^QUEUE_OVER\\(([a-z0-9_]+), *([a-z0-9_]+)\\)$")
      stamp_variants(${CMAKE_MATCH_1}_over_${CMAKE_MATCH_2} ${CMAKE_MATCH_1}
        "LANES_INNER=${CMAKE_MATCH_2};LANES_INNER_H=\"queues/${CMAKE_MATCH_2}.h\"")
    elseif(line MATCHES "^QUEUE_WITH\\(([a-z0-9_]+), *([a-z0-9_]+)\\)$")
      string(TOUPPER ${CMAKE_MATCH_2} with)
      stamp_variants(${CMAKE_MATCH_1}_with_${CMAKE_MATCH_2} ${CMAKE_MATCH_1}
        "Q_WITH=${CMAKE_MATCH_2};Q_WITH_${with}=1")
    else()
      message(FATAL_ERROR "queues/queues.def: cannot read the line\n  ${line}\n"
                          "write QUEUE(name), QUEUE_OVER(name, inner) or QUEUE_WITH(name, part)")
    endif()
  endforeach()
  stamp(ring_spsc_by_hand ring_spsc "STAMP_BY_HAND=1")

  get_property(sources GLOBAL PROPERTY QUEUELAB_STAMPS)
  get_property(ids GLOBAL PROPERTY QUEUELAB_STAMP_IDS)
  get_property(peers GLOBAL PROPERTY QUEUELAB_PEER_IDS)
  set(text "/* Made by cmake/Stamps.cmake from queues/queues.def and queues/peers/peers.def. */\n")
  string(APPEND text "#include \"harness/driver.h\"\n")
  set(table "")
  foreach(id IN LISTS ids peers)
    string(APPEND text "extern const struct q_driver q_driver_${id};\n")
    string(APPEND table "    &q_driver_${id},\n")
  endforeach()
  string(APPEND text "const struct q_driver *const q_drivers[] = {\n${table}    0,\n};\n")
  get_property(absent GLOBAL PROPERTY QUEUELAB_PEERS_ABSENT)
  set(table "")
  foreach(line IN LISTS absent)
    string(REPLACE "|" "\", \"" line "${line}")
    string(APPEND table "    {\"${line}\"},\n")
  endforeach()
  string(APPEND text "const struct q_absent q_peers_absent[] = {\n${table}    {0, 0, 0},\n};\n")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/stamps/drivers.c CONTENT "${text}" @ONLY)

  add_library(queuelab_stamps OBJECT ${sources} ${PROJECT_BINARY_DIR}/stamps/drivers.c)
  list(FILTER sources INCLUDE REGEX "_(64|indirect)\\.c$")
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${stamp_brief_debug}")
  set_target_properties(queuelab_stamps PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(queuelab_stamps PRIVATE queuelab_queues queuelab_compiler)
  target_compile_definitions(queuelab_stamps PRIVATE $<$<CONFIG:Debug>:Q_CALLED>) # queues/item.h
endfunction()
