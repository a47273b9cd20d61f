;; SPDX-License-Identifier: Apache-2.0
;; What generated modules tell their host, folded into one number: FNV-1a by
;; words of 32 bits, the low half of a wide value first (diff.h).
(module
  (global $log (export "log") (mut i32) (i32.const 0x811c9dc5))
  (func $fold (param i32)
    (global.set $log
      (i32.mul (i32.xor (global.get $log) (local.get 0))
               (i32.const 0x01000193))))
  (func $fold64 (param i64)
    (call $fold (i32.wrap_i64 (local.get 0)))
    (call $fold (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))))
  (func (export "log-i32") (param i32) (call $fold (local.get 0)))
  (func (export "log-i64") (param i64) (call $fold64 (local.get 0)))
  (func (export "log-f32") (param f32)
    (call $fold (i32.reinterpret_f32 (local.get 0))))
  (func (export "log-f64") (param f64)
    (call $fold64 (i64.reinterpret_f64 (local.get 0)))))
