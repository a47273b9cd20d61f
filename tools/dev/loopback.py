#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command after the loopback interface is up, which in a network
namespace that was just made it is not.

usage: unshare --net tools/dev/loopback.py COMMAND [ARGUMENT...]
"""
import fcntl
import os
import socket
import struct
import sys

SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
os.execvp(sys.argv[1], sys.argv[1:])
