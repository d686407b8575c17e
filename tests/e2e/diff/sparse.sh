#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files of 8 TiB that are holes: no baseline reads them to their end, what is left out is a gap, and a digest of
# their data is not told as one of the file.
# timeout: 120
. "$CSI_TOP/tests/helpers/lib.sh"
python3 "$HELPERS/layers.py" flat image.tar "$CSI_RUN/images/target"
cp -a "$CSI_RUN/images/target" root
rm -rf root/var/lib/dpkg/status.d
mkdir -p root/var/lib/dpkg/info root/opt/real
ln -s real root/opt/alias
truncate -s 8T root/tmp/huge
echo data | dd of=root/tmp/huge conv=notrunc bs=4096 seek=9 status=none
ln root/tmp/huge root/opt/real/huge
printf '/.\n/opt\n/opt/alias\n/opt/alias/huge\n' >root/var/lib/dpkg/info/big.list
printf '%032d  opt/alias/huge\n' 0 >root/var/lib/dpkg/info/big.md5sums

expect_within 30 host_csi diff --root root --image image.tar --hash --json
expect_json 'any(.[]; .file.path? == "/tmp/huge" and .csi.diff.change == "added" and .file.hash == null and
	(.csi.hash.extents | length) == 64)'
expect_gaps 'EFBIG|hash|-|/tmp/huge' 'EFBIG|hash|-|/opt/real/huge'
# A log without an end of a line, too
mkdir -p root/var/log
truncate -s 8T root/var/log/dpkg.log
expect_within 30 host_csi timeline --root root --json
expect_exit 3
expect_gaps "EFBIG|read dpkg's log|-|/var/log/dpkg.log"
rm root/var/log/dpkg.log
expect_within 30 host_csi diff --root root --packages --hash --json
expect_json 'any(.[]; .file.path? == "/opt/alias/huge" and .csi.diff.change == "unknown" and .csi.diff.owner == "big")'
expect_json 'any(.[]; .file.path? == "/tmp/huge" and .csi.diff.change == "unowned" and .file.hash == null)'
expect_gaps 'EFBIG|hash|-|/tmp/huge' 'EFBIG|hash|-|/opt/real/huge' 'EFBIG|hash|-|/opt/alias/huge'
