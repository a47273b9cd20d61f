# SPDX-License-Identifier: Apache-2.0
# The Linux port, without what the store has already (ports_store.cmake).

find_path(YAML_INCLUDE yaml.h REQUIRED)
find_library(YAML_LIBRARY yaml REQUIRED)
find_path(UV_INCLUDE uv.h REQUIRED)
find_library(UV_LIBRARY uv REQUIRED)

# Files that people write: manifests and homes.
add_library(tomte_files STATIC
  ports/linux/yaml_file.c ports/linux/manifest_file.c ports/linux/homefile.c
  ports/linux/small_memory.c ports/linux/author_file.c)
target_compile_definitions(tomte_files PRIVATE _GNU_SOURCE)
target_include_directories(tomte_files PUBLIC ports)
target_link_libraries(tomte_files PUBLIC
  tomte_container tomte_crypto_bearssl ${YAML_LIBRARY})

# One node as a process.
add_library(tomte_key_file STATIC ports/linux/key_file.c)
target_compile_definitions(tomte_key_file PRIVATE _GNU_SOURCE)
target_include_directories(tomte_key_file PUBLIC ports)
target_link_libraries(tomte_key_file PUBLIC tomte_base)

add_library(tomte_daemon STATIC ports/linux/daemon.c ports/linux/driver.c)
target_compile_definitions(tomte_daemon PRIVATE _GNU_SOURCE)
target_include_directories(tomte_daemon PUBLIC ports)
target_link_libraries(tomte_daemon PUBLIC
  tomte_node tomte_files tomte_port_block_file tomte_key_file
  tomte_crypto_hub
  ${UV_LIBRARY})

add_executable(tomte-pack apps/pack/main.c)
target_compile_definitions(tomte-pack PRIVATE _GNU_SOURCE)
target_link_libraries(tomte-pack PRIVATE tomte_files)

# What signs the containers of this tree: made here once, never part of it.
set(TOMTE_AUTHOR_KEY ${PROJECT_BINARY_DIR}/containers/author.key)
add_custom_command(
  OUTPUT ${TOMTE_AUTHOR_KEY}
  COMMAND tomte-pack --new-key ${TOMTE_AUTHOR_KEY}
  COMMENT "Making this tree's author key"
  VERBATIM)
add_custom_target(author_key DEPENDS ${TOMTE_AUTHOR_KEY})

# DIR/NAME.yaml and the module built of DIR/NAME.c make containers/NAME.image.
function(tomte_image name dir)
  tomte_container(${name} ${dir})
  if(NOT TARGET container_${name})
    return()
  endif()
  set(wasm ${TOMTE_CONTAINERS_DIR}/${name}.wasm)
  set(image ${TOMTE_CONTAINERS_DIR}/${name}.image)
  add_custom_command(
    OUTPUT ${image}
    COMMAND tomte-pack ${TOMTE_AUTHOR_KEY} ${dir}/${name}.yaml ${wasm} ${image}
    DEPENDS tomte-pack ${TOMTE_AUTHOR_KEY} author_key ${dir}/${name}.yaml ${wasm} container_${name}
    COMMENT "Packing image ${name}"
    VERBATIM)
  add_custom_target(image_${name} ALL DEPENDS ${image})
  add_dependencies(containers image_${name})
endfunction()
