#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The reader stops for a whole minute, which is the requirement: csi waits without growing and without work,
# and then goes on as if nothing had been.
# timeout: 240
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/helpers/stall.sh"
TARGET_UID=65532
pod_up
mkdir "$MERGED/tmp/h"
stall_file "$MERGED/tmp/h/large"
for i in {1..500}; do echo "$i" >"$MERGED/tmp/h/small-$i"; done

kib() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$CSI_PID/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$CSI_PID/stat"; }
stall
sleep 10 # the pipeline fills up
rss=$(kib VmRSS) work=$(ticks)
for _ in {1..5}; do
	sleep 10
	check "RSS grew from $rss to $(kib VmRSS) kB while nobody read" test "$(kib VmRSS)" -le $((rss + 512))
done
check "it worked while nobody read: $work to $(ticks) ticks" test "$(ticks)" -le $((work + 50))
check "peak RSS $(kib VmHWM) kB" test "$(kib VmHWM)" -le 32768
ask / >/dev/null || fail "the target does not answer"
go_on
expect_exit 0
sealed complete
expect_eq "$(find x -path '*/tmp/h/small-*' | wc -l)" 500 "small files"
check "the large file" cmp -s "$(find x -path '*/tmp/h/large')" "$MERGED/tmp/h/large"
# 16 MiB and the frame under way: FORMAT.md
python3 - "$HELPERS" b <<'PY' >"$OUT"
import sys
sys.path.insert(0, sys.argv[1])
import damage
marks = [end for end, _ in damage.checkpoints(open(sys.argv[2], "rb").read())]
print(max(b - a for a, b in zip(marks, marks[1:])), len(marks))
PY
read -r widest marks <"$OUT"
check "$widest bytes without a checkpoint" test "$widest" -le $(((16 << 20) + 2113536 + 264))
check "$marks checkpoints" test "$marks" -ge 4
