#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replayed: neither runAsUser nor the status says the target's user, so the image's configuration is asked for, by its
# digest, of a tool on the workstation. A name there is no number, and is never guessed.
. "$CSI_TOP/tests/helpers/mock.sh"
printf '#!/bin/sh\n[ "$1" != csi ] || echo "ran $*"\n' >mock/exec
chmod +x mock/exec
echo restricted >mock/level
digest=reg.example.com/app@sha256:$(printf %064d 7)

# tool NAME ANSWER [CODE]: an image tool that answers so, and notes what it was asked
tool() {
	printf '#!/bin/sh\nprintf "%%s\\n" "%s $*" >>"%s/asked"\nprintf "%%s\\n" "%s"\nexit %s\n' "$1" "$MOCK" "$2" "${3:-0}" >"bin/$1"
	chmod +x "bin/$1"
}
user_of() { # WHAT EXPECTED
	rm -f mock/injected mock/asked
	run plugin ps app
	expect_exit 0
	expect_eq "$(jq -c '.securityContext | [.runAsUser, .runAsGroup]' mock/custom)" "$2" "user of $1"
}
refused() { # WHAT MESSAGE
	rm -f mock/injected mock/asked
	run plugin ps app
	expect_exit 11
	expect_grep "$2" "$ERR"
	check "injected with $1" test ! -e mock/injected
}

tool docker '' 1
tool skopeo '' 1
tool podman 65532:65533
user_of "podman's answer" '[65532,65533]'
expect_eq "$(cat mock/asked)" "podman image inspect --format {{.Config.User}} $digest" "what podman was asked"
tool podman 1001
user_of "a user without a group" '[1001,null]'
expect_grep 'the group of user 1001 is not known here' "$ERR"
tool podman '' 1
tool docker 2002:2003
user_of "docker's answer" '[2002,2003]'
tool docker '' 1
tool skopeo 3003:3004
user_of "skopeo's answer" '[3003,3004]'
expect_grep "^skopeo .*inspect --config .* docker://$digest\$" mock/asked

tool skopeo nonroot
refused "a name" '--uid UID'
tool skopeo 0
refused "root" 'container app runs as root \(the image.s configuration\)'
tool skopeo '1;id'
refused "a command" '--uid UID'
tool skopeo ''
refused "an image that says nothing" '--uid UID'
tool podman 65532
sed -i 's/@sha256:[0-9]*/:v1/' mock/pod
refused "a tag, which may be another image by now" '--uid UID'
check "podman was asked about a tag" test ! -e mock/asked
