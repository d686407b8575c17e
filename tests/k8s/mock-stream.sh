#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replayed: exec that cuts the stream and says 0, that fails with kubectl's own words, that delivers other bytes.
# The seal decides, not the exit code.
# timeout: 180
# needs: zstd age
. "$CSI_TOP/tests/helpers/mock.sh"
mkdir tree && for n in 1 2 3 4; do head -c 10M /dev/urandom >tree/$n; done
cat >mock/exec <<'EOT'
#!/usr/bin/env bash
# What `csi --tether collect ARGS` would send, through a bad line: $MOCK/bad is one word a try
case $1 in date) exec date +%s ;; sh) exit 0 ;; esac
shift 3
word=$(head -n 1 "$MOCK/bad")
sed -i 1d "$MOCK/bad"
echo "$word" >>"$MOCK/tries"
list=$MOCK/list.$(wc -l <"$MOCK/tries")
: >"$list"
case " $* " in *' --have - '*) sed '/"have end"/q' >"$list" ;; esac
args=()
for a; do args+=("$a"); done
"$CSI_BIN" collect --root "$MOCK/../tree" --scope full --cpu 0 "${args[@]}" <"$list" >"$MOCK/stream" 2>"$MOCK/stream.err"
rc=$?
case $word in
whole) cat "$MOCK/stream" ;;
zero) head -c 25000000 "$MOCK/stream" && exit 0 ;;
lost) head -c 20000000 "$MOCK/stream" && echo 'error: websocket: close 1006 (abnormal closure): unexpected EOF' >&2 && exit 1 ;;
other) python3 -c 'import sys; d = bytearray(open(sys.argv[1], "rb").read()); d[200] ^= 1; sys.stdout.buffer.write(d)' "$MOCK/stream" ;;
nothing) exit 0 ;;
noexec) echo "command terminated with exit code 126" >&2 && exit 126 ;;
esac
cat "$MOCK/stream.err" >&2
[ "$rc" -eq 0 ] || echo "command terminated with exit code $rc" >&2
exit "$rc"
EOT
chmod +x mock/exec
export CSI_BIN=$CSI_TOP/out/amd64/csi
bad() { printf '%s\n' "$@" >mock/bad && : >mock/tries; }

bad zero lost whole
run plugin collect app -o one
expect_exit 0
expect_grep 'app-1.tar.zst app-2.tar.zst app-3.tar.zst sealed, complete, by csi'
expect_grep 'cut after' "$ERR"
check "the third try was not told what is there" grep -q '"have file"' mock/list.3
run host_csi verify one
expect_exit 0

bad nothing whole
run plugin collect app -o two
expect_exit 0
expect_eq "$(find two -name 'app-*' | wc -l)" 1 "pieces, without the empty one"

bad lost lost lost
run plugin collect app -o three --retries 2
expect_exit 12
expect_grep 'cut: 3 tries'

# Gone on with later: what is there is not sent again, and what was said of the case stays.
bad whole
run plugin collect app -o three --continue --case-id IR-7
expect_exit 0
expect_grep 'app-1.tar.zst app-2.tar.zst app-3.tar.zst app-4.tar.zst sealed, complete, by csi'
check "it was not told what is there" grep -q '"have file"' mock/list.1
run host_csi verify three
expect_exit 0
for file in before/case.json before/SHA256SUMS pod.yaml where.txt coverage.txt; do check "no $file" test -e "three/api-2/$file"; done
(cd three && sha256sum --quiet --strict -c SHA256SUMS) || fail "SHA256SUMS of the case"
bad whole
run plugin collect app -o three --continue
expect_exit 0
expect_grep 'app-4.tar.zst sealed, complete, by csi, before'
expect_empty mock/tries
expect_eq "$(jq -r .case_id three/case.json)" IR-7 "case id, the third time"

# Interrupted, so that there are no papers, and a piece that nobody looked at.
bad lost
run plugin collect app -o broken --retries 0
expect_exit 12
mv broken/app-1.tar.zst broken/app-1.tar.zst.partial
rm broken/case.json broken/SHA256SUMS broken/custody.txt
bad whole
run plugin collect app -o broken --continue
expect_exit 0
expect_grep 'app-1.tar.zst app-2.tar.zst +sealed, complete, by csi'
run host_csi verify broken
expect_exit 0

# What cannot be gone on with
run plugin collect app --continue
expect_exit 2
run plugin collect app -o two
expect_exit 2
expect_grep 'two exists; .*--continue' "$ERR"
mkdir nothing
run plugin collect app -o nothing --continue
expect_exit 2
run plugin collect app -o three --continue --encrypt "$(age-keygen 2>/dev/null | sed -n 's/^# public key: //p')"
expect_exit 2
# A refusal leaves a case as it was.
bad whole
run plugin collect app -o sealed --encrypt "$(age-keygen 2>/dev/null | sed -n 's/^# public key: //p')"
expect_exit 0
(cd sealed && find . | sort) >before
run plugin collect app -o sealed --continue
expect_exit 2
(cd sealed && find . | sort) | diff before - >differ
check "the refused case is another one: $(cat differ)" test ! -s differ
# Sealed, and not complete: going on with it does not make it so.
bad whole
run plugin collect app -o short-of -- --max-bytes 20M
expect_exit 3
run plugin collect app -o short-of --continue
expect_exit 3
expect_grep 'sealed, partial, by csi, before'
cp mock/pod mock/pod.before
sed -i 's/containerd:..aaaa/containerd:\/\/cccc/' mock/pod
run plugin collect app -o three --continue
expect_exit 14
expect_grep 'not gone on with: the container was started anew since'
sed -i 's/0f3c2f9e/0f3c2f9f/' mock/pod
run plugin collect app -o three --continue
expect_exit 2
expect_grep 'case of another pod' "$ERR"
cp mock/pod.before mock/pod

bad other
run plugin collect app -o four
expect_exit 13
check "the altered stream is not kept apart" test -e four/app-1.tar.zst.partial

# A csi that cannot be executed is no evidence.
bad noexec
run plugin collect app -o five
expect_exit 1
expect_grep 'not collected \(exit code 126\)'

bad lost
run plugin ps app
expect_exit 12
