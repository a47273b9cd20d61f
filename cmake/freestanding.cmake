# SPDX-License-Identifier: Apache-2.0
# What the toolchain files of the microcontroller targets share: the core is
# compiled with the compiler's own headers and the five functions of
# tests/targets/include/string.h, so no C library needs to be installed.
# The including file sets `prefix` (arm-none-eabi) and `machine` (its flags).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER ${prefix}-gcc)

function(compiler_folder name out)
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=${name}
                  OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(${out} ${folder} PARENT_SCOPE)
endfunction()

compiler_folder(include own)
compiler_folder(include-fixed fixed)
string(CONCAT CMAKE_C_FLAGS_INIT
  "${machine} -ffreestanding -nostdinc -isystem ${own} -isystem ${fixed}"
  " -isystem ${CMAKE_CURRENT_LIST_DIR}/../tests/targets/include -DTOMTE_MCU"
  " -ffunction-sections -fdata-sections -fcallgraph-info=su")
set(TOMTE_OPTIMIZE -Os CACHE STRING "")
