# SPDX-License-Identifier: Apache-2.0
# src/wasm against wabt's interpreter and node on generated modules; `tomte wasm`
# on what compilers of C, Rust and AssemblyScript (build/npm) make.
add_executable(wasm_diff
  ${PROJECT_SOURCE_DIR}/tests/interop/wasm_diff/main.c
  ${PROJECT_SOURCE_DIR}/tests/interop/wasm_diff/widen.c
  ${PROJECT_SOURCE_DIR}/tests/interop/wasm_diff/ways.c
  ${PROJECT_SOURCE_DIR}/tests/interop/wasm_diff/say.c
  ${PROJECT_SOURCE_DIR}/tests/panic.c)
target_compile_definitions(wasm_diff PRIVATE _DEFAULT_SOURCE)
target_link_libraries(wasm_diff PRIVATE tomte_wasm)
tomte_test(interop wasm_diff TIMEOUT 600 COMMAND
  /usr/bin/python3 tests/interop/wasm_diff/diff.py $<TARGET_FILE:wasm_diff>
  ${PROJECT_BINARY_DIR}/interop_wasm_diff --modules 300)
if(TARGET tomte)
  cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH trees)
  tomte_test(interop wasi TIMEOUT 300 COMMAND
    /usr/bin/python3 tests/interop/wasi/test.py $<TARGET_FILE:tomte>
    ${PROJECT_BINARY_DIR}/wasi ${trees}/npm/wasi/node_modules)
endif()
