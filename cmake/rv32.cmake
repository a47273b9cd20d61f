# SPDX-License-Identifier: Apache-2.0
# RV32IMC, as in the small Espressif and GigaDevice chips; Debian's compiler.
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(prefix riscv64-unknown-elf)
set(machine "-march=rv32imc -mabi=ilp32")
include(${CMAKE_CURRENT_LIST_DIR}/freestanding.cmake)
