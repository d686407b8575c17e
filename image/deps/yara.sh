#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# libyara, static, with the modules that rules for Linux use: console, elf, hash, math, pe, string, time. Not
# its access to processes (csi reads memory its own way), and not dotnet, dex, macho, magic, cuckoo. Debian's
# source has no configure script, so these files are compiled as they are; the parsers in it are generated.
# shellcheck source=image/deps/env.sh
. "$(dirname "$0")/env.sh"

grep -q '^AC_INIT(\[yara\], \[4\.5\.2\]' configure.ac
cd libyara

# Its hash functions are Apple's where Apple's header is found. This one gives it those of libcsihash.
mkdir -p shim/CommonCrypto
cat > shim/CommonCrypto/CommonDigest.h <<'EOT'
#include <openssl/md5.h>
#include <openssl/sha.h>
#define CC_MD5_CTX MD5_CTX
#define CC_MD5_Init MD5_Init
#define CC_MD5_Update MD5_Update
#define CC_MD5_Final MD5_Final
#define CC_SHA1_CTX SHA_CTX
#define CC_SHA1_Init SHA1_Init
#define CC_SHA1_Update SHA1_Update
#define CC_SHA1_Final SHA1_Final
#define CC_SHA256_CTX SHA256_CTX
#define CC_SHA256_Init SHA256_Init
#define CC_SHA256_Update SHA256_Update
#define CC_SHA256_Final SHA256_Final
EOT

# The module of its own tests, which is always in its list, is no use to rules.
grep -qx 'MODULE(tests)' modules/module_list
sed -i '/^MODULE(tests)$/d' modules/module_list

# What configure would find. Memory comes from csi's own functions (tools/lib/work/rules_mem.c), which bound
# it and keep the large blocks of one scan for the next: musl would give them back each time. A string that
# matches more often than the limit is left out of the rest of a scan, and that is told.
defines="-D_GNU_SOURCE -DUSE_NO_PROC -DHAVE_SCAN_PROC_IMPL=0 -DHASH_MODULE"
defines="$defines -DHAVE_COMMONCRYPTO_COMMONCRYPTO_H -DOPENSSL_SUPPRESS_DEPRECATED"
defines="$defines -DHAVE_STRLCPY=1 -DHAVE_STRLCAT=1 -DHAVE_MEMMEM=1 -DHAVE_TIMEGM=1 -DHAVE_CLOCK_GETTIME=1"
defines="$defines -DHAVE_STDBOOL_H=1 -DBUCKETS_128=1 -DCHECKSUM_1B=1"
defines="$defines -DYR_MAX_STRING_MATCHES=10000 -DYR_SLOW_STRING_MATCHES=10000"
memory="-Dmalloc=rules_mem_alloc -Dcalloc=rules_mem_zero -Drealloc=rules_mem_again -Dfree=rules_mem_free"
memory="$memory -Dstrdup=rules_mem_copy -Dstrndup=rules_mem_copy_n"

sources=(
	ahocorasick arena atoms base64 bitmask compiler endian exec exefiles filemap grammar hash hex_grammar
	hex_lexer lexer libyara mem modules notebook object parser proc proc/none re re_grammar re_lexer rules
	scan scanner simple_str sizedstr stack stopwatch stream strutils threading tlshc/tlsh tlshc/tlsh_impl
	tlshc/tlsh_util modules/console/console modules/elf/elf modules/hash/hash modules/math/math
	modules/pe/pe modules/pe/pe_utils modules/string/string modules/time/time
)
objects=()
for c in "${sources[@]}"; do
	o=${c//\//-}.o
	own=
	size=-Os
	case $c in
	mem) own=$memory ;;
	scan | scanner | re | exec | hash | notebook) size=-O2 ;;
	esac
	# shellcheck disable=SC2086 # lists
	$MUSL_CC -std=gnu11 $size -w -fno-strict-aliasing -fstack-protector-strong $FLAGS $defines $own \
		-Ishim -Iinclude -I. -I"$SYS/include" -c "$c.c" -o "$o"
	objects+=("$o")
done
rm -f "$SYS/lib/libyara.a"
$AR rcsD "$SYS/lib/libyara.a" "${objects[@]}"
mkdir -p "$SYS/include/yara"
cp include/yara.h "$SYS/include/"
cp include/yara/*.h "$SYS/include/yara/"
