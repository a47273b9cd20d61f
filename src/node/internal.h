/* SPDX-License-Identifier: Apache-2.0 */
/* node/internal.h: what the files of the node room share.
 *
 * One step, one way through (ARCHITECTURE.md has the hops by name):
 *
 *   node.c      step: link in -> work -> sync -> poll: link out
 *   link.c      the one way to and from the CoAP endpoint; link_answer.c
 *   keys.c      who this node is and whom it believes: key, charter
 *   bond.c      security contexts: derived, numbered, given up
 *   gate.c      may who asks do this?
 *   route.c     a request's path -> one serve function; an answer -> who asked
 *   reply.c     answers, whole and in blocks (RFC 7959)
 *   fetch.c     the client's side of blocks: views, images, checkpoints
 *   upload.c    the server's side of Block1: images and commands
 *   author.c    whose code may run here
 *
 *   control.c   the node's side of leases: when to ask, what to say
 *   view.c      a new view put into force
 *   keeper.c    the keeper: home, log, answers to leases and commands
 *   status.c    what `tomte status` and `tomte logs` show
 *   log.c       lines for people
 *
 *   cell.c      state channels: the latest of each, observers, observations
 *   resource.c  sensors and buttons in, actuators out
 *   actuator.c  writes to actuators: fences, overrides
 *   deliver.c   events and actuator writes on their way out
 *   receive.c   events on their way in
 *
 *   slot.c      a container's life on this node, as views move it
 *   start.c     image fetched, history opened, container started or recovered
 *   run.c       one event: begin, run, commit, release
 *   part.c      the node's part of a checkpoint; recovery of ports
 *   replicate.c owner: records to standbys, in-sync proposals
 *   standby.c   standby: records and checkpoints from the owner
 *
 * Functions shared between files are node_<file>_<verb>. Everything returns
 * nothing or an error that its caller handles; nothing here calls upward. */
#pragma once

#include "node/author.h"
#include "node/calls.h"
#include "node/state.h"
