# SPDX-License-Identifier: Apache-2.0
# Tests that are not one room's unit test.
#
#   tomte_test(SUITE NAME [TIMEOUT seconds] [ALONE] COMMAND program arg...)
#
# adds the test SUITE.NAME to a suite of `./dev test`. The program closes with
# "N passed, N failed, N skipped" and exits 1 when something failed. ALONE: no
# other test runs beside it (for what measures time or takes known ports).
#
# A suite's tests are in tests/SUITE/tests.cmake, read in the build tree that
# the suite uses (tools/dev/test.sh).

function(tomte_test suite name)
  cmake_parse_arguments(arg "ALONE" "TIMEOUT" "COMMAND" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_test(NAME ${suite}.${name} COMMAND ${arg_COMMAND}
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${suite}.${name} PROPERTIES
    LABELS ${suite} TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_ALONE})
endfunction()

# The fuzzing tree tests its fuzz targets and nothing else.
file(GLOB snippets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*/tests.cmake)
foreach(snippet ${snippets})
  if(TOMTE_FUZZ)
    if(snippet MATCHES "/fuzz/tests.cmake$")
      include(${snippet})
    endif()
  elseif(NOT snippet MATCHES "/fuzz/tests.cmake$")
    include(${snippet})
  endif()
endforeach()
