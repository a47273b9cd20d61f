# SPDX-License-Identifier: Apache-2.0
# Each fuzz target: its corpus, and a few seconds of new inputs.
set(fuzz_seconds 3)
get_property(targets DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTY BUILDSYSTEM_TARGETS)
foreach(target ${targets})
  if(target MATCHES "^fuzz_(.*)$")
    tomte_test(fuzz ${CMAKE_MATCH_1} COMMAND
               tools/dev/fuzz-one.sh ${CMAKE_MATCH_1} ${fuzz_seconds})
  endif()
endforeach()
