;; SPDX-License-Identifier: Apache-2.0
;; Pointers out of memory, and other things that no library would ask for: each
;; export gives the errno.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get"
    (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get"
    (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 1)
  ;; a vector at 0: 8 bytes from 65532 on; one at 8: 2 bytes at 16
  (data (i32.const 0) "\fc\ff\00\00\08\00\00\00\10\00\00\00\02\00\00\00ok")
  (func (export "write") (param i32 i32 i32 i32) (result i32)
    (call $write (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func (export "random") (param i32 i32) (result i32)
    (call $random (local.get 0) (local.get 1)))
  (func (export "args") (param i32 i32) (result i32)
    (call $args (local.get 0) (local.get 1)))
  (func (export "sizes") (param i32 i32) (result i32)
    (call $sizes (local.get 0) (local.get 1)))
  (func (export "clock") (param i32 i32) (result i32)
    (call $clock (local.get 0) (i64.const 0) (local.get 1)))
  (func (export "stat") (param i32 i32) (result i32)
    (call $stat (local.get 0) (local.get 1)))
  (func (export "poll") (param i32 i32 i32 i32) (result i32)
    (call $poll (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
  (func $deep (export "deep") (param i32) (result i32)
    (i32.add (i32.const 1) (call $deep (local.get 0)))))
