;; SPDX-License-Identifier: Apache-2.0
;; The digest of another module's memory: its size, then each word that is not 0
;; with its address, folded as in log.wat. 64 bytes of zeros are passed over at
;; once.
(module
  (import "m" "memory" (memory 0))
  (global $hash (mut i32) (i32.const 0x811c9dc5))
  (func $fold (param i32)
    (global.set $hash
      (i32.mul (i32.xor (global.get $hash) (local.get 0))
               (i32.const 0x01000193))))
  (func $words (param $at i32) (param $end i32)
    (local $word i32)
    (loop $next
      (local.set $word (i32.load (local.get $at)))
      (if (local.get $word)
        (then (call $fold (local.get $at)) (call $fold (local.get $word))))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end)))))
  (func (export "hash") (result i32)
    (local $at i32) (local $end i32)
    (local.set $end (i32.mul (memory.size) (i32.const 65536)))
    (call $fold (local.get $end))
    (if (local.get $end) (then
      (loop $next
        (if (i64.ne (i64.const 0)
              (i64.or (i64.or
                (i64.or (i64.load (local.get $at))
                        (i64.load offset=8 (local.get $at)))
                (i64.or (i64.load offset=16 (local.get $at))
                        (i64.load offset=24 (local.get $at))))
              (i64.or
                (i64.or (i64.load offset=32 (local.get $at))
                        (i64.load offset=40 (local.get $at)))
                (i64.or (i64.load offset=48 (local.get $at))
                        (i64.load offset=56 (local.get $at))))))
          (then (call $words (local.get $at)
                             (i32.add (local.get $at) (i32.const 64)))))
        (local.set $at (i32.add (local.get $at) (i32.const 64)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end))))))
    (global.get $hash)))
