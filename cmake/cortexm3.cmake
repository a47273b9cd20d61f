# SPDX-License-Identifier: Apache-2.0
# Cortex-M3, Thumb-2; Debian's compiler. gcc would join byte accesses into
# unaligned words, which trap where the system asks for it.
set(CMAKE_SYSTEM_PROCESSOR arm)
set(prefix arm-none-eabi)
set(machine "-mcpu=cortex-m3 -mthumb -mno-unaligned-access")
include(${CMAKE_CURRENT_LIST_DIR}/freestanding.cmake)
