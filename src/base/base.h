/* SPDX-License-Identifier: Apache-2.0 */
/* base/base.h: everything of floor 0 in one include. */
#pragma once

#include "base/addr.h"
#include "base/arena.h"
#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/random.h"
#include "base/span.h"
#include "base/text.h"
