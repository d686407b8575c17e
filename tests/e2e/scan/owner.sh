#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The external variable owner: by the passwd of the root that the file is in, hostile or not there.
. "$CSI_TOP/tests/helpers/lib.sh"

mkdir -p t/etc t/home u
{
	echo 'root:x:0:0::/:/bin/sh'
	echo 'alice:x:4242:4242::/:/bin/sh'
	echo 'mallory:x:4242:4242::/:/bin/sh'
	printf '%040d:x:4343:4343::/:/bin/sh\n' 7
	echo 'bob'
} >t/etc/passwd
for uid in 0 4242 4343 4444; do echo data >"t/home/of-$uid" && chown "$uid:$uid" "t/home/of-$uid"; done
cp -a t/home u/home
cat >owner.yar <<'EOT'
rule of_alice { condition: owner == "alice" }
rule of_root { condition: owner == "root" and filename contains "of-" }
rule of_nobody { condition: owner == "" and filename contains "of-" }
rule of_other { condition: owner != "" and owner != "alice" and owner != "root" }
EOT
matches() { jq -r '[.rule.id, .file.path] | join(" ")' "$OUT" | LC_ALL=C sort | tr '\n' ','; }
run host_csi scan --root "$PWD/t" --rules owner.yar --json
expect_exit 0
expect_gaps
expect_eq "$(matches)" "of_alice /home/of-4242,of_nobody /home/of-4343,of_nobody /home/of-4444,of_root /home/of-0,"
run host_csi scan --root "$PWD/u" --rules owner.yar --json
expect_exit 0
expect_gaps
expect_eq "$(matches)" "of_nobody /home/of-0,of_nobody /home/of-4242,of_nobody /home/of-4343,of_nobody /home/of-4444,"
