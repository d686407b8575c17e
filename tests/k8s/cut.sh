#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 1 GiB of evidence through exec, the connection cut at random five times: the set verifies as one, and every file is in
# it byte for byte.
# timeout: 900
# needs: zstd
# alone: it moves 2 GiB
. "$CSI_TOP/tests/helpers/k8s.sh"
app big
ready big
at big
mkdir "$MERGED/tmp/big"
for n in {1..64}; do head -c 16M /dev/urandom >"$MERGED/tmp/big/$n"; done
(cd "$MERGED/tmp/big" && sha256sum -- *) | sort >want
plugin ps big >/dev/null 2>&1 # the container is there before the line is bad

seed=$((RANDOM))
note "seed $seed"
server=$(kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}')
python3 "$HELPERS/cutter.py" "${server##*:}" port 5 60000000 220000000 "$seed" >cuts 2>cutter.err &
cutter=$!
for _ in {1..50}; do [ ! -s port ] || break; sleep 0.1; done
kubectl config view --raw --minify --flatten >cut.kubeconfig
kubectl --kubeconfig cut.kubeconfig config set-cluster "$(kubectl config view --minify -o 'jsonpath={.clusters[0].name}')" \
	--server="https://127.0.0.1:$(cat port)" >/dev/null
run plugin collect big -o case --kubeconfig cut.kubeconfig --retries 9 -- --cpu 0
kill "$cutter"
wait "$cutter" 2>/dev/null
cat cuts "$ERR" "$OUT" | grep -E '^(cut|csi-debug: cut after|app)'
expect_exit 0
expect_eq "$(wc -l <cuts)" 5 "cuts"
expect_grep '^app +running .*sealed, complete'
check "it was never cut in the middle" test "$(find case -name 'app-*.tar.zst' | wc -l)" -ge 3
(cd case && host_csi verify app-*.tar.zst) >set.out
expect_grep '^set: whole' set.out

# Byte for byte: of each file the bytes that some piece has; the last file of a cut piece is cut.
mkdir x
for piece in case/app-*.tar.zst; do
	rm -rf x/*
	tar --zstd -xf "$piece" -C x --no-same-owner 2>/dev/null
	find x -path '*/tmp/big/*' -size 16384k -exec sha256sum {} + 2>/dev/null | sed 's,  .*/,  ,' >>got
done
expect_eq "$(sort -u got | comm -12 - want | wc -l)" 64 "files that arrived byte for byte"
