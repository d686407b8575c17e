# SPDX-License-Identifier: Apache-2.0
# The image of ./build.sh image by way of a container build, from a checkout of this repository:
#
#   docker build -t csi-debug .
FROM debian:trixie-slim AS build
COPY . /csi-debug
WORKDIR /csi-debug
RUN ./build.sh image && mkdir /rootfs && tar -xf out/*/layer.tar -C /rootfs

FROM scratch
COPY --from=build /rootfs /
ENV PATH=/bin
USER 0:0
ENTRYPOINT ["/bin/csi", "init"]
