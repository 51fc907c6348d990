# The peers written in Rust: crates from Debian's packages, built by cargo without a network into one
# static library.
#
# rust_peers() makes, if all is there, the target queuelab_peers_rust and adds its drivers to the
# others (peer_library of Peers.cmake); else each of them is absent by name, with what is missing.
set(QUEUELAB_RUST_REGISTRY /usr/share/cargo/registry CACHE PATH
    "Sources of the Rust crates, as Debian's librust-*-dev install them")

set(rust_crates crossbeam-queue crossbeam-channel concurrent-queue)
set(rust_packages rustc cargo ${rust_crates})
list(TRANSFORM rust_packages REPLACE "^(c.*-.*)$" "librust-\\1-dev")
list(JOIN rust_packages " " rust_packages)

# Packages of what is not there. Debian's compiler goes before another one of the user: it is the one
# that the crates are packaged with.
function(rust_peers_missing result)
  find_program(QUEUELAB_RUSTC rustc PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(QUEUELAB_RUSTC rustc)
  find_program(QUEUELAB_CARGO cargo PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(QUEUELAB_CARGO cargo)
  set(missing "")
  foreach(program rustc cargo)
    string(TOUPPER QUEUELAB_${program} path)
    if(NOT ${path})
      list(APPEND missing ${program})
    endif()
  endforeach()
  foreach(crate IN LISTS rust_crates)
    file(GLOB found ${QUEUELAB_RUST_REGISTRY}/${crate}-[0-9]*)
    if(NOT found)
      list(APPEND missing librust-${crate}-dev)
    endif()
  endforeach()
  set(${result} "${missing}" PARENT_SCOPE)
endfunction()

# cargo.sh is cargo as this build uses it: offline, without the user's settings.
function(rust_peers_cargo work)
  # The processor that the C side is compiled for. On others than x86 gcc's names are not LLVM's.
  set(flags "")
  if(QUEUELAB_MARCH AND (CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" OR QUEUELAB_MARCH STREQUAL "native"))
    set(flags "-C target-cpu=${QUEUELAB_MARCH}")
  endif()
  configure_file(${rust_source}/Cargo.toml.in ${work}/Cargo.toml @ONLY)
  file(CONFIGURE OUTPUT ${work}/.cargo/config.toml @ONLY CONTENT [[
[source.crates-io]
replace-with = "installed"
[source.installed]
directory = "@QUEUELAB_RUST_REGISTRY@"
[net]
offline = true
]])
  file(CONFIGURE OUTPUT ${work}/cargo.sh @ONLY CONTENT [[
# cargo as this build uses it, in this directory. Made by cmake/RustPeers.cmake.
unset CARGO_BUILD_TARGET CARGO_ENCODED_RUSTFLAGS
export CARGO_HOME='@work@/home' RUSTC='@QUEUELAB_RUSTC@' RUSTFLAGS='@flags@'
export QUEUELAB_RUST_LAYOUT="${QUEUELAB_RUST_LAYOUT-@work@/layout.rs}"
exec '@QUEUELAB_CARGO@' "$@"
]])
endfunction()

# Asks cargo which crates it would take now. The answer is Cargo.lock; `error` is empty or why not.
function(rust_peers_resolve work error)
  set(try ${work}/resolve) # the packages may be newer than a lock of last time
  file(REMOVE_RECURSE ${try})
  file(COPY ${work}/Cargo.toml ${work}/.cargo DESTINATION ${try})
  execute_process(COMMAND sh ${work}/cargo.sh generate-lockfile
    WORKING_DIRECTORY ${try} RESULT_VARIABLE status ERROR_VARIABLE output OUTPUT_QUIET)
  if(status EQUAL 0 AND EXISTS ${try}/Cargo.lock)
    set(output "")
    configure_file(${try}/Cargo.lock ${work}/Cargo.lock COPYONLY) # only when it differs
  else()
    string(STRIP "${output}" output)
    string(REGEX REPLACE "[;|\"\n].*" "" output "cargo: ${output}")
  endif()
  set(${error} "${output}" PARENT_SCOPE)
endfunction()

# -D for the version of each crate that Cargo.lock names, and of the compiler.
function(rust_peers_versions work result)
  execute_process(COMMAND ${QUEUELAB_RUSTC} --version OUTPUT_VARIABLE rustc)
  string(REGEX MATCH "[0-9.]+" rustc "${rustc}")
  set(definitions "RUSTC_VERSION=\"${rustc}\"")
  file(READ ${work}/Cargo.lock lock)
  foreach(crate IN LISTS rust_crates)
    string(REGEX MATCH "name = \"${crate}\"\nversion = \"([^\"]+)\"" version "${lock}")
    string(TOUPPER ${crate} name)
    string(REPLACE - _ name ${name})
    list(APPEND definitions "${name}_VERSION=\"${CMAKE_MATCH_1}\"")
  endforeach()
  set(${result} "${definitions}" PARENT_SCOPE)
endfunction()

# The registry: the names in lib.rs.
function(rust_peers_names result)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${rust_source}/lib.rs)
  file(STRINGS ${rust_source}/lib.rs lines REGEX "^    peer!\\(")
  set(names "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "\\(([a-z0-9_]+)," _ "${line}")
    list(APPEND names ${CMAKE_MATCH_1})
  endforeach()
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

function(rust_peers_absent packages why)
  rust_peers_names(names)
  foreach(name IN LISTS names)
    peer_absent(${name} "${packages}" "${why}")
  endforeach()
endfunction()

function(rust_peers)
  set(rust_source ${PROJECT_SOURCE_DIR}/queues/peers/rust)
  set(work ${PROJECT_BINARY_DIR}/rust)
  set(library ${work}/target/release/libqueuelab_peers_rust.a)
  if(NOT QUEUELAB_PEERS)
    rust_peers_absent("${rust_packages}" "this build has no peers (cmake -DQUEUELAB_PEERS=ON)")
    return()
  endif()
  rust_peers_missing(missing)
  if(missing)
    list(JOIN missing " " packages)
    rust_peers_absent("${packages}" "not installed")
    found_note(FALSE "peers in Rust" "not measured" "${packages}")
    return()
  endif()

  rust_peers_cargo(${work})
  rust_peers_resolve(${work} error)
  if(error)
    rust_peers_absent("${rust_packages}" "${error}")
    found_note(FALSE "peers in Rust (${error})" "not measured" "--reinstall ${rust_packages}")
    return()
  endif()
  rust_peers_versions(${work} versions)

  add_executable(queuelab_rust_layout ${rust_source}/layout.c)
  target_link_libraries(queuelab_rust_layout PRIVATE queuelab_queues queuelab_compiler)
  add_custom_command(OUTPUT ${work}/layout.rs
    COMMAND queuelab_rust_layout > ${work}/layout.rs DEPENDS queuelab_rust_layout VERBATIM)

  file(GLOB sources CONFIGURE_DEPENDS ${rust_source}/*.rs)
  add_custom_command(OUTPUT ${library}
    COMMAND sh ${work}/cargo.sh build --release --quiet --target-dir target
    COMMAND ${CMAKE_COMMAND} -E touch ${library} # cargo leaves alone what comes out the same
    DEPENDS ${sources} ${work}/layout.rs ${work}/cargo.sh ${work}/Cargo.toml ${work}/Cargo.lock
    WORKING_DIRECTORY ${work} VERBATIM
    COMMENT "Building the peers in Rust (a minute)")
  add_custom_target(queuelab_peers_rust_cargo DEPENDS ${library})

  # The traits, and what the loops borrow from C.
  add_library(queuelab_peers_rust_traits STATIC ${rust_source}/traits.c)
  set_target_properties(queuelab_peers_rust_traits PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(queuelab_peers_rust_traits PRIVATE queuelab_queues queuelab_compiler)
  target_compile_definitions(queuelab_peers_rust_traits PRIVATE ${versions})

  add_library(queuelab_peers_rust STATIC IMPORTED GLOBAL)
  add_dependencies(queuelab_peers_rust queuelab_peers_rust_cargo)
  set_target_properties(queuelab_peers_rust PROPERTIES IMPORTED_LOCATION ${library}
    INTERFACE_LINK_LIBRARIES "queuelab_peers_rust_traits;gcc_s;dl;m")

  rust_peers_names(names)
  set(ids "")
  foreach(name IN LISTS names)
    list(APPEND ids ${name})
    if(QUEUELAB_PAYLOAD64)
      list(APPEND ids ${name}_64)
    endif()
  endforeach()
  peer_library(queuelab_peers_rust IDS ${ids})
endfunction()
