# SPDX-License-Identifier: Apache-2.0
# The order of the dependency builds; GNU make runs what can run at the same time.
#
#   OUT/stamp/NAME.key   changes when the lock entry, the recipe or the compiler changes (image/deps.sh)
#   OUT/stamp/NAME.src   the source lies unpacked in OUT/src/NAME (gone again once built)
#   OUT/stamp/NAME       built and installed
#
# Called by image/deps.sh, which sets OUT.

LIBS := zlib zstd hash sodium yara libarchive
# libarchive waits for two others and its configure runs alone, so BusyBox comes last.
DEPS := musl $(LIBS) busybox
S := $(OUT)/stamp

.PHONY: all
all: $(DEPS:%=$(S)/%)
.SECONDARY: $(DEPS:%=$(S)/%.src)

$(S)/busybox $(LIBS:%=$(S)/%): $(S)/musl
$(S)/libarchive: $(S)/zlib $(S)/zstd
$(S)/yara: $(S)/hash

$(S)/%.src: $(S)/%.key
	@image/deps.sh unpack $*
	@touch $@

# The + hands make's job slots down to the make of the dependency.
$(S)/%: $(S)/%.src $(S)/%.key
	+@image/step.sh dep-$* "building $*" image/deps.sh recipe $*
	@touch $@ && rm -f $@.src
