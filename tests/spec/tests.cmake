# SPDX-License-Identifier: Apache-2.0
# The official WebAssembly specification tests. 26037 is what the published
# files hold for an engine of binary modules.
find_path(CJSON_INCLUDE cjson/cJSON.h)
find_library(CJSON_LIBRARY cjson)
set(spec_runner ${PROJECT_BINARY_DIR}/spec_runner)
if(CJSON_INCLUDE AND CJSON_LIBRARY)
  add_executable(spec_runner
    ${CMAKE_CURRENT_LIST_DIR}/main.c ${CMAKE_CURRENT_LIST_DIR}/script.c
    ${CMAKE_CURRENT_LIST_DIR}/world.c ${CMAKE_CURRENT_LIST_DIR}/call.c
    ${CMAKE_CURRENT_LIST_DIR}/twin.c ${CMAKE_CURRENT_LIST_DIR}/value.c
    ${CMAKE_CURRENT_LIST_DIR}/tally.c ${CMAKE_CURRENT_LIST_DIR}/generated.c ${PROJECT_SOURCE_DIR}/tests/panic.c)
  target_compile_definitions(spec_runner PRIVATE _DEFAULT_SOURCE)
  target_include_directories(spec_runner SYSTEM PRIVATE ${CJSON_INCLUDE})
  target_link_libraries(spec_runner PRIVATE tomte_wasm ${CJSON_LIBRARY})
endif()

tomte_test(spec core TIMEOUT 300
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/run.sh core ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/core --expect 26037)
tomte_test(spec slots TIMEOUT 300
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/run.sh core ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/slots --slots --expect 26037)
tomte_test(spec snapshot TIMEOUT 600
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/run.sh core ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/snapshot --snapshot --expect 26037)
# The proposals' own tests, in place and, moving, in both forms.
tomte_test(spec proposals TIMEOUT 120
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/run.sh proposals ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/proposals --expect 349)
tomte_test(spec proposals_snapshot TIMEOUT 120
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/run.sh proposals ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/proposals-snapshot --snapshot --expect 349)
tomte_test(spec proposals_slots TIMEOUT 120
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/run.sh proposals ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/proposals-slots --slots --expect 349)
tomte_test(spec generated TIMEOUT 300
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/generated.sh ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/generated)
# Exact counts of instructions on RV32, against those recorded.
tomte_test(spec counts TIMEOUT 600
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/counts.sh
          ${PROJECT_BINARY_DIR}/spec/counts)
tomte_test(spec runner TIMEOUT 60
  COMMAND ${PROJECT_SOURCE_DIR}/tests/spec/test_runner.sh ${spec_runner}
          ${PROJECT_BINARY_DIR}/spec/runner)
