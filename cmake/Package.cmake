# The queues as a header-only package for other projects: cmake --install, then
#   find_package(queuelab CONFIG)   and link queuelab::queues,   or   pkg-config --cflags queuelab
# Headers include each other as "queues/x.h", so what is searched is include/queuelab.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_include ${CMAKE_INSTALL_INCLUDEDIR}/queuelab)
set(package_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/queuelab)
set(package_work ${PROJECT_BINARY_DIR}/package)

install(DIRECTORY queues DESTINATION ${package_include}
        FILES_MATCHING PATTERN "*.h" PATTERN "queues.def" PATTERN peers EXCLUDE)
install(TARGETS queuelab_queues EXPORT queuelab_targets)
install(EXPORT queuelab_targets NAMESPACE queuelab:: DESTINATION ${package_cmake})

file(CONFIGURE OUTPUT ${package_work}/queuelabConfig.cmake @ONLY CONTENT [[
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/queuelab_targets.cmake)
]])
write_basic_package_version_file(${package_work}/queuelabConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${package_work}/queuelabConfig.cmake ${package_work}/queuelabConfigVersion.cmake
        DESTINATION ${package_cmake})

# The prefix is found from the file's own place, so an installed tree can be moved.
file(RELATIVE_PATH package_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
file(CONFIGURE OUTPUT ${package_work}/queuelab.pc @ONLY CONTENT [[
prefix=${pcfiledir}/@package_up@
includedir=${prefix}/@package_include@

Name: queuelab
Description: Concurrent queues, one C11 header each (with GNU extensions, for Linux)
Version: @PROJECT_VERSION@
Cflags: -I${includedir} -D_GNU_SOURCE -pthread
Libs: -pthread
]])
install(FILES ${package_work}/queuelab.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
