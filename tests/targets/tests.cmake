# SPDX-License-Identifier: Apache-2.0
# The core for two microcontrollers, in the trees that ./dev builds beside this
# one.
cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH trees)
tomte_test(targets rv32 COMMAND
  tests/targets/check_core.py ${trees}/rv32 riscv64-unknown-elf-nm)
tomte_test(targets cm3 COMMAND
  tests/targets/check_core.py ${trees}/cm3 arm-none-eabi-nm)
tomte_test(targets size COMMAND tests/targets/test_size.py)
tomte_test(targets check COMMAND tests/targets/test_check_core.py)
