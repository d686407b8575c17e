#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The public test vectors of age, opened; those that open are sealed again to the same bytes.
# timeout: 300
. "$CSI_TOP/tests/helpers/lib.sh"
for build in amd64 asan; do
	check "the vectors, $build" python3 "$HELPERS/age_vectors.py" "$CSI_TOP/out/$build/unit/test_age_peer" \
		"$CSI_TOP/tests/fixtures/age"
done
