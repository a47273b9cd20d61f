/* SPDX-License-Identifier: Apache-2.0 */
/* Leases, epochs and fences: who may drive an actuator, and since when.
 *
 * A home of three nodes: 0 and 1 may own its one container, 2 has the actuator
 * that it drives. One keeper leads; a new one may take over and knows the log
 * only. The one before it may not hear of that for any time and goes on
 * granting leases, which it counts from when a majority last followed it:
 * before the new one was elected. Every message may be lost, and writes come
 * late and again.
 *
 * Times are what is left, in ticks: a tick takes one from all of them. So there
 * is no end of time, and what is checked holds for ever.
 *
 * What is late elsewhere need not be in the model: a lease is counted from when
 * its request was sent, so a late answer is a shorter lease, and the worst case
 * is none of that; a late request makes the keeper wait longer.
 *
 * -D HOLD: the container is `hold`, else `safe`. -D EPOCHS=n -D TERMS=n: how
 * many placements and leaders; -D LEASE=n: ticks. -D BUG_...: a rule left out,
 * which must be found. tests/model/lease.sh runs them all.
 *
 * Rules and code:
 *   may_place, old_is_over, fence_is_up   src/home/judge.c
 *   renew                                 src/home/keeper_lease.c, lease.c
 *   lead                                  src/home/keeper.c, src/node/group.c
 *   renew_at_the_old                      src/node/group.c:node_group_lease_ms
 *   acts                                  src/node/slot.c
 *   life                                  src/channel/grant.c
 *   arrives                               src/channel/actuator.c */

#ifndef EPOCHS
#define EPOCHS 2
#endif
#ifndef TERMS
#define TERMS 2
#endif

#ifndef LEASE
#define LEASE 2
#endif
#define LIFE     1 /* of a write, from when it is sent to when it is accepted */
#define ACTUATOR 2
#define NOBODY   3

/* ---- the home's state, which keepers replicate ---- */

/* Version 2e: "epoch e goes to owner_of[e]"; 2e + 1: "and may act". */
byte version;
byte owner_of[EPOCHS + 1] = NOBODY;
byte runner = NOBODY; /* who acted under an epoch that may not be over yet */
byte ended;           /* version that ended it */

#define epoch(v) ((v) / 2)
#define acted(v) ((v) % 2 == 1)

/* ---- the leader's memory ---- */

byte term = 1;

/* The leader before this one: what is left of a lease that it may still grant,
 * and to whom: who held one then, or has a view that is new to it. */
byte counted;
bool old_may[2];
byte over[3];      /* until that node's lease is over for certain */
bool heard[3];     /* this leader gave it a lease */
byte confirmed[3]; /* version that the node has stored and acts by */
byte quiet;        /* until all has expired that the runner sent before it
                      confirmed its end */

#define held(n)    (heard[n] && over[n] > 0)
#define is_over(n) (over[n] == 0)

/* ---- the nodes ---- */

byte view[3];
byte until[2]; /* end of its lease, as true time has it at the latest */

/* A write on its way: its epoch (0: none), and how long it may be accepted. */
byte wrote[2], good_for[2];

#ifdef HOLD
#define leased(n)  true
#define life(n)    LIFE
#else
#define leased(n)  (until[n] > 0)
#define life(n)    (until[n] < LIFE -> until[n] : LIFE)
#endif
#define in_time(n) (good_for[n] > 0)
#define acts(n) \
    (acted(view[n]) && owner_of[epoch(view[n])] == n && leased(n))

/* ---- what the keeper asks before it decides ---- */

#define owner (owner_of[epoch(version)])

#ifdef HOLD
#define may_place \
    (version == 0 || !acted(version) || held(owner) || \
     (is_over(owner) && held(ACTUATOR)))
#define old_is_over \
    (runner == NOBODY || confirmed[runner] >= ended || \
     (is_over(runner) && confirmed[ACTUATOR] >= ended))
#else
#define may_place \
    (version == 0 || !acted(version) || held(owner) || is_over(owner))
#define old_is_over \
    (runner == NOBODY || confirmed[runner] >= ended || is_over(runner))
#endif

#ifdef HOLD
#define expired false
#else
#define expired is_over(runner) /* its writes do not outlive its lease */
#endif
#ifdef BUG_CUT_OFF_FENCE
#define nothing_on_its_way true
#else
#define nothing_on_its_way (runner == NOBODY || quiet == 0 || expired)
#endif
#define fence_is_up \
    (confirmed[ACTUATOR] >= version || \
     (is_over(ACTUATOR) && \
      ((ended > 0 && confirmed[ACTUATOR] >= ended) || nothing_on_its_way)))

/* ---- the rules that -D BUG_... leaves out ---- */

#ifdef BUG_NO_DRIFT
#define GRANTED (LEASE + 1)
#else
#define GRANTED LEASE
#endif

#ifdef BUG_NEW_LEADER_DOES_NOT_WAIT
#define WAIT 0
#else
#define WAIT LEASE
#endif

#ifdef BUG_EPOCH_NOT_CHECKED
#define ACCEPTED(n) in_time(n)
#else
#ifdef BUG_NOT_AFTER_NOT_CHECKED
#define ACCEPTED(n) (wrote[n] == epoch(view[ACTUATOR]))
#else
#define ACCEPTED(n) (wrote[n] == epoch(view[ACTUATOR]) && in_time(n))
#endif
#endif

/* ---- what happens ---- */

inline less(t) { t = (t > 0 -> t - 1 : 0) }

inline tick()
{
    less(over[0]); less(over[1]); less(over[2]);
    less(until[0]); less(until[1]);
    less(good_for[0]); less(good_for[1]);
    less(quiet);
    less(counted);
    old_may[0] = old_may[0] && counted > 0;
    old_may[1] = old_may[1] && counted > 0
}

/* A lease request with the version that the node confirms, and its answer. A
 * node that was away gets a lease only when it has confirmed its view. */
inline renew(n)
{
    if
    :: n == runner && view[n] >= ended && confirmed[n] < ended ->
        quiet = LIFE
    :: else -> skip
    fi;
    confirmed[n] = view[n];
    if
    :: !held(n) && view[n] < version -> skip
    :: else ->
        heard[n] = true;
        over[n] = LEASE;
        if
        :: n < 2 -> until[n] = GRANTED
        :: n < 2 -> skip /* the answer is lost */
        :: n == 2 -> skip
        fi
    fi
}

inline place(n)
{
    if
    :: acted(version) -> runner = owner; ended = version + 1; quiet = LIFE
    :: else -> skip
    fi;
    version = 2 * (epoch(version) + 1);
    owner_of[epoch(version)] = n
}

/* The log is all that a new leader has. */
inline lead()
{
    term++;
    counted = LEASE; /* a majority followed the old one until just now */
    old_may[0] = held(0) || view[0] == version;
    old_may[1] = held(1) || view[1] == version;
    over[0] = WAIT; over[1] = WAIT; over[2] = WAIT;
    heard[0] = false; heard[1] = false; heard[2] = false;
    confirmed[0] = 0; confirmed[1] = 0; confirmed[2] = 0;
    quiet = LIFE
}

#define OLD_GRANTS (counted > 0)
#ifdef BUG_DEPOSED_LEADER_COUNTS_FROM_NOW
#define OLD_LEASE LEASE
#else
#define OLD_LEASE counted
#endif

/* A leader that was deposed answers a node, and commits nothing. */
inline renew_at_the_old(n)
{
    until[n] = (OLD_LEASE > until[n] -> OLD_LEASE : until[n])
}

/* The write of node n reaches the actuator, which may see it again. */
inline arrives(n)
{
    if
    :: ACCEPTED(n) ->
        /* One master: no newer epoch acts already. */
        assert(!(acted(version) && epoch(version) > wrote[n]))
    :: else -> skip
    fi;
    if
    :: wrote[n] = 0; good_for[n] = 0
    :: skip
    fi
}

active proctype home()
{
    d_step { over[0] = LEASE; over[1] = LEASE; over[2] = LEASE }
    do
    :: d_step { tick() }
    :: atomic { true -> renew(0) }
    :: atomic { true -> renew(1) }
    :: atomic { true -> renew(2) }
    :: d_step { view[0] < version ->
                view[0] = version; old_may[0] = counted > 0 }
    :: d_step { view[1] < version ->
                view[1] = version; old_may[1] = counted > 0 }
    :: d_step { view[2] < version -> view[2] = version }
#ifdef BUG_FENCE_NOT_STORED
    :: d_step { view[2] > 0 -> view[2] = view[2] - 1 }
#endif
    :: d_step { epoch(version) < EPOCHS && may_place && held(0) -> place(0) }
    :: d_step { epoch(version) < EPOCHS && may_place && held(1) -> place(1) }
    :: d_step { version > 0 && !acted(version) && old_is_over && fence_is_up ->
                version++; runner = NOBODY; ended = 0; quiet = 0 }
    :: d_step { term < TERMS -> lead() }
#ifndef HOLD /* which goes on without */
    :: d_step { OLD_GRANTS && old_may[0] -> renew_at_the_old(0) }
    :: d_step { OLD_GRANTS && old_may[1] -> renew_at_the_old(1) }
#endif
    :: d_step { acts(0) && wrote[0] == 0 ->
                wrote[0] = epoch(view[0]); good_for[0] = life(0) }
    :: d_step { acts(1) && wrote[1] == 0 ->
                wrote[1] = epoch(view[1]); good_for[1] = life(1) }
    :: atomic { wrote[0] > 0 -> arrives(0) }
    :: atomic { wrote[1] > 0 -> arrives(1) }
    od
}

#ifndef HOLD
/* At any time. A `hold` container may have a twin; the fence is for that. */
active proctype watch()
{
    assert(!(acts(0) && acts(1)))
}
#endif
