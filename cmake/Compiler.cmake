# The compiler as this project uses it: C11 with GNU extensions, every warning an error.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or RelWithDebInfo" FORCE)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g -DNDEBUG")

set(QUEUELAB_SANITIZE "" CACHE STRING "address, thread, or empty")
set(QUEUELAB_MARCH "" CACHE STRING "-march for measured code; empty: the compiler's baseline")

add_library(queuelab_compiler INTERFACE)
target_compile_definitions(queuelab_compiler INTERFACE _GNU_SOURCE)
target_compile_options(queuelab_compiler INTERFACE -Wall -Wextra -Wshadow -Werror
  $<$<COMPILE_LANGUAGE:C>:-Wconversion;-Wstrict-prototypes;-Wmissing-prototypes>
  $<$<BOOL:${QUEUELAB_MARCH}>:-march=${QUEUELAB_MARCH}>)
if(QUEUELAB_SANITIZE STREQUAL "address")
  target_compile_options(queuelab_compiler INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(queuelab_compiler INTERFACE -fsanitize=address,undefined)
elseif(QUEUELAB_SANITIZE STREQUAL "thread")
  # gcc warns that TSan ignores fences; here they order nothing that TSan looks at (wait.h).
  target_compile_options(queuelab_compiler INTERFACE -fsanitize=thread -fno-omit-frame-pointer
    $<$<C_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(queuelab_compiler INTERFACE -fsanitize=thread)
elseif(QUEUELAB_SANITIZE)
  message(FATAL_ERROR "QUEUELAB_SANITIZE is '${QUEUELAB_SANITIZE}': use address or thread")
endif()
