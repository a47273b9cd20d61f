;; SPDX-License-Identifier: Apache-2.0
;; For assertions that do not hold (wrong.json), to see that they are noticed.
(module
  (func (export "one") (result i32) (i32.const 1))
  (func (export "trap") (unreachable)))
