# SPDX-License-Identifier: Apache-2.0
# src/wasm against wabt's interpreter and node on generated modules.
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
  ${PROJECT_BINARY_DIR}/wasm_diff --modules 300)
