#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is executed, under which name, from where: each done by a process of its own.
# timeout: 600
# needs: mmdebstrap
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
attack_up

start run /usr/local/bin/zzz standin && deleted=$PID
do_sh 'rm /usr/local/bin/zzz'
start run /usr/local/bin/agentd standin && replaced=$PID
do_sh 'cp /bin/true /usr/local/bin/new && mv /usr/local/bin/new /usr/local/bin/agentd'
start run /usr/local/bin/served standin && kept=$PID
do_sh 'cd /usr/local/bin && ln served .old && cp /bin/true new && mv new served'
intrude memfd && memfd=$PID
start run /var/tmp/x standin && scratch=$PID
do_sh 'mkdir "/usr/lib/... "'
start run '/usr/lib/... /x' standin && hidden=$PID
start run /usr/local/bin/tool standin && new=$PID
start masquerade && kthread=$PID
start as /opt/bot /usr/sbin/sshd sshd && named=$PID
start as /opt/kdevtmpfsi kdevtmpfsi kdevtmpfsi && kinsing=$PID
start packed /opt/packed && packed=$PID
start no-environ && environ=$PID
sh_start 'mkdir "/tmp/.. " && cd "/tmp/.. " && exec 3>&- && exec sleep 1000' && cwd=$PID
sh_start 'mkdir /srv/gone && cd /srv/gone && rmdir /srv/gone && exec 3>&- && exec sleep 1000' && gone=$PID
sh_start 'cp /usr/lib/*/libjemalloc.so.2 /tmp/libx.so && exec 3>&- && LD_PRELOAD=/tmp/libx.so exec sleep 1000' &&
	preload=$PID
sh_start 'exec 3>&- && LD_AUDIT=/tmp/libx.so exec sleep 1000' && audit=$PID
triage

found deleted-exe "$deleted"
found replaced-exe "$replaced"
found kept-exe "$kept"
found memfd-exe "$memfd"
found scratch-exe "$scratch"
found hidden-exe "$hidden"
found new-exe "$new"
found kthread-name "$kthread"
found service-name "$named"
found kinsing-name "$kinsing"
found packed-exe "$packed"
found empty-environ "$environ"
found hidden-cwd "$cwd"
found deleted-cwd "$gone"
found preload "$preload"
found audit "$audit"
cells
