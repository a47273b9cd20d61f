# SPDX-License-Identifier: Apache-2.0
# The Cortex-M3 board (ports/cortexm) with picolibc, linked to run in qemu. gcc
# would join byte accesses into unaligned words, which trap here.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(machine
  "-mcpu=cortex-m3 -mthumb -mno-unaligned-access --specs=picolibc.specs")
set(CMAKE_C_FLAGS_INIT
  "${machine} -DTOMTE_MCU -ffunction-sections -fdata-sections -fcallgraph-info=su")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
set(TOMTE_OPTIMIZE -Os CACHE STRING "")
set(TOMTE_BOARD cortexm CACHE STRING "")
