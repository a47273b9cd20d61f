# SPDX-License-Identifier: Apache-2.0
# Fuzz targets of what is not a room: the files that people write, the block
# device in a file, what the command line reads of a node's answers and of modules.

find_path(YAML_INCLUDE yaml.h REQUIRED)
find_library(YAML_LIBRARY yaml REQUIRED)

add_library(tomte_fuzzed STATIC
  ports/linux/yaml_file.c ports/linux/manifest_file.c ports/linux/homefile.c
  ports/linux/small_memory.c ports/linux/wasi.c
  apps/tomte/status.c apps/tomte/client.c
  apps/wasm/map.c apps/wasm/disasm.c apps/wasm/lines.c)
target_compile_definitions(tomte_fuzzed PRIVATE _GNU_SOURCE)
target_include_directories(tomte_fuzzed PUBLIC ports apps)
target_link_libraries(tomte_fuzzed PUBLIC tomte_node tomte_port_block_file
                                        tomte_crypto_bearssl ${YAML_LIBRARY})

tomte_fuzz_targets(linux tomte_fuzzed)
tomte_fuzz_targets(apps tomte_fuzzed)
