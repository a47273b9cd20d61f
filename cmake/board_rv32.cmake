# SPDX-License-Identifier: Apache-2.0
# The RV32 board (ports/rv32): RV32IMC with picolibc, linked to run in qemu.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(machine "-march=rv32imc -mabi=ilp32 --specs=picolibc.specs")
set(CMAKE_C_FLAGS_INIT
  "${machine} -DTOMTE_MCU -ffunction-sections -fdata-sections -fcallgraph-info=su")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
set(TOMTE_OPTIMIZE -Os CACHE STRING "")
set(TOMTE_BOARD rv32 CACHE STRING "")
