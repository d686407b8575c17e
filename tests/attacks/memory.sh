#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Code without a file, images loaded by hand, code written over, a tracer.
# timeout: 600
# needs: mmdebstrap
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
attack_up

start rwx && rwx=$PID
start rx && rx=$PID
start elf && elf=$PID
start memfd-map && map=$PID
start memfd-elf && held=$PID
start patch && patch=$PID
start replace && replace=$PID
start traced && tracer=$PID traced=$(said child)
start deleted-library /usr/lib/libgone.so && gone=$PID
start deleted-library /tmp/libodd.so kept && odd=$PID
triage

found rwx-memory "$rwx"
found rx-memory "$rx"
found elf-memory "$elf"
found memfd-map "$map"
found memfd-elf "$held"
found patched-code "$patch"
found replaced-image "$replace"
found traced "$traced"
found deleted-library "$gone"
found scratch-library "$odd"
expect_json "all(.[]; .process.pid != $tracer or .event.kind != \"alert\")" "the tracer has signs"
cells
