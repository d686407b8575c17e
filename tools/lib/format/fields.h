/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every field that a record can have, once: `out` emits only these; documentation and the index
 * template are printed from this table. Rows that share a dotted prefix stand together, since a
 * record is written in this order. Names are ECS (csi.ecs in the docs says which version); what ECS
 * lacks is under csi.
 *
 *   X(enumerator, dotted name, type, what it holds)
 */
#ifndef CSI_FORMAT_FIELDS_H
#define CSI_FORMAT_FIELDS_H

#define FIELD_TABLE(X)                                                                             \
	X(TIMESTAMP, "@timestamp", DATE, "when it was read")                                       \
	X(CONTAINER_ID, "container.id", KEYWORD, "container id, where cgroup text shows one")      \
	X(CSI_SCHEMA, "csi.schema", LONG, "version of these records")                              \
	X(CSI_ACCESS_EXE, "csi.access.exe", KEYWORD, "ok, or the errno of reading exe")            \
	X(CSI_ACCESS_ROOT, "csi.access.root", KEYWORD, "ok, or errno")                             \
	X(CSI_ACCESS_CWD, "csi.access.cwd", KEYWORD, "ok, or errno")                               \
	X(CSI_ACCESS_FD, "csi.access.fd", KEYWORD, "ok, or errno")                                 \
	X(CSI_ACCESS_ENVIRON, "csi.access.environ", KEYWORD, "ok, or errno")                       \
	X(CSI_ACCESS_MAPS, "csi.access.maps", KEYWORD, "ok, or errno")                             \
	X(CSI_ACCESS_MEM, "csi.access.mem", KEYWORD, "ok, or errno")                               \
	X(CSI_ACCESS_PAGEMAP, "csi.access.pagemap", KEYWORD, "ok, or errno")                       \
	X(CSI_ACCESS_VM_READV, "csi.access.vm_readv", KEYWORD, "ok, or errno")                     \
	X(CSI_ACCESS_MISSING, "csi.access.missing", KEYWORD,                                       \
	  "capabilities that would help (list)")                                                   \
	X(CSI_ACCESS_MEND, "csi.access.mend", KEYWORD, "the line that mends it")                   \
	X(CSI_ACTION, "csi.action", KEYWORD, "what csi did")                                       \
	X(CSI_BIRTH, "csi.birth", KEYWORD, "old, new, runtime, below, unknown")                    \
	X(CSI_CITE_ITEM, "csi.cite.item", KEYWORD, "entry that an earlier bundle holds")           \
	X(CSI_CITE_LINES, "csi.cite.lines", LONG, "lines of a list of what others have")           \
	X(CSI_CITE_RUN, "csi.cite.run", KEYWORD, "run of the bundle that holds it")                \
	X(CSI_COVERAGE_ENTRIES, "csi.coverage.entries", LONG, "files seen on a mount")             \
	X(CSI_COVERAGE_STATE, "csi.coverage.state", KEYWORD,                                       \
	  "walked, skipped, below (a skipped one), unreached")                                     \
	X(CSI_CUSTODY_ABSENT, "csi.custody.absent", OBJECTS,                                       \
	  "what was not read (list of kind and count)")                                            \
	X(CSI_CUSTODY_CASE, "csi.custody.case", OBJECTS,                                           \
	  "case.json of a case directory (list of field and value)")                               \
	X(CSI_CUSTODY_FACTS, "csi.custody.facts", OBJECTS,                                         \
	  "what a bundle says of its run (list of field and value)")                               \
	X(CSI_CUSTODY_FOOTPRINT, "csi.custody.footprint", OBJECTS,                                 \
	  "own footprint (list of field and value)")                                               \
	X(CSI_CUSTODY_READ, "csi.custody.read", OBJECTS, "what was read (list of kind and count)") \
	X(CSI_CUSTODY_RUNS, "csi.custody.runs", LONG, "bundles of the case")                       \
	X(CSI_CUSTODY_SIGNED, "csi.custody.signed", BOOLEAN,                                       \
	  "a signature of SHA256SUMS lies beside it, not checked")                                 \
	X(CSI_CUSTODY_SUMS, "csi.custody.sums", KEYWORD, "SHA-256 of SHA256SUMS")                  \
	X(CSI_CONFINE_LANDLOCK, "csi.confine.landlock", KEYWORD,                                   \
	  "version of Landlock's ABI here, or errno")                                              \
	X(CSI_CONFINE_SECCOMP, "csi.confine.seccomp", KEYWORD,                                     \
	  "filter: csi can confine itself; or errno")                                              \
	X(CSI_DELETED_HOLD, "csi.deleted.hold", KEYWORD,                                           \
	  "what holds a file without a name: exe, fd N, map 0xADDRESS")                            \
	X(CSI_DIFF_BASELINE, "csi.diff.baseline", KEYWORD, "since, packages, image, bundle")       \
	X(CSI_DIFF_CHANGE, "csi.diff.change", KEYWORD,                                             \
	  "added, changed, written, deleted, unowned, missing, runtime, below, source, unknown")   \
	X(CSI_DIFF_MARKS, "csi.diff.marks", KEYWORD, "what its times show (list)")                 \
	X(CSI_DIFF_OWNER, "csi.diff.owner", KEYWORD, "package, layer or bundle that lists it")     \
	X(CSI_DIFF_BELOW, "csi.diff.below", LONG,                                                  \
	  "files that were in a directory that is gone, at any depth")                             \
	X(CSI_DIFF_WAS_GID, "csi.diff.was.gid", KEYWORD, "group id in the baseline")               \
	X(CSI_DIFF_WAS_LINK, "csi.diff.was.link", KEYWORD,                                         \
	  "target of a symbolic link in the baseline")                                             \
	X(CSI_DIFF_WAS_MD5, "csi.diff.was.md5", KEYWORD, "MD5 in the baseline")                    \
	X(CSI_DIFF_WAS_MODE, "csi.diff.was.mode", KEYWORD, "permissions in the baseline, octal")   \
	X(CSI_DIFF_WAS_MTIME, "csi.diff.was.mtime", DATE, "mtime in the baseline")                 \
	X(CSI_DIFF_WAS_SHA1, "csi.diff.was.sha1", KEYWORD, "SHA-1 in the baseline")                \
	X(CSI_DIFF_WAS_SHA256, "csi.diff.was.sha256", KEYWORD, "SHA-256 in the baseline")          \
	X(CSI_DIFF_WAS_SIZE, "csi.diff.was.size", LONG, "bytes in the baseline")                   \
	X(CSI_DIFF_WAS_TYPE, "csi.diff.was.type", KEYWORD, "type in the baseline")                 \
	X(CSI_DIFF_WAS_UID, "csi.diff.was.uid", KEYWORD, "owner id in the baseline")               \
	X(CSI_DIFF_WHAT, "csi.diff.what", KEYWORD, "what of it differs (list)")                    \
	X(CSI_EVIDENCE, "csi.evidence", OBJECTS,                                                   \
	  "what a finding rests on (list of field and value)")                                     \
	X(CSI_FILE_ALLOCATED, "csi.file.allocated", LONG,                                          \
	  "bytes it takes on its file system, if it is sparse")                                    \
	X(CSI_FILE_CAPS, "csi.file.capabilities", KEYWORD,                                         \
	  "file capabilities, as NET_RAW=ep (list)")                                               \
	X(CSI_FILE_CAPS_ROOT, "csi.file.capabilities_root", LONG,                                  \
	  "uid that is root where they count, if not 0")                                           \
	X(CSI_FILE_RDEV, "csi.file.rdev", KEYWORD, "major:minor that a device file names")         \
	X(CSI_FILE_LINKS, "csi.file.links", LONG, "hard links, if more than one")                  \
	X(CSI_HASH_EXTENTS, "csi.hash.extents", KEYWORD, "SHA-256 of the data extents kept")       \
	X(CSI_ITEM, "csi.item", KEYWORD, "entry of the bundle")                                    \
	X(CSI_KEY, "csi.key", KEYWORD, "name of a fact in an own-footprint or access record")      \
	X(CSI_LEDGER_PREVIOUS, "csi.ledger.previous", KEYWORD,                                     \
	  "SHA-256 of the ledger part before")                                                     \
	X(CSI_LEDGER_SEQ, "csi.ledger.seq", LONG, "number of the ledger part")                     \
	X(CSI_LEVEL, "csi.level", KEYWORD, "info, low, medium, high, critical")                    \
	X(CSI_LIMIT_BYTES, "csi.limit.bytes", LONG, "limit of a cgroup's memory")                  \
	X(CSI_LIMIT_USED, "csi.limit.used", LONG, "of it used, without inactive file pages")       \
	X(CSI_LIMIT_FLOOR, "csi.limit.floor", LONG, "headroom below which a collection stops")     \
	X(CSI_LIMIT_LOWEST, "csi.limit.lowest", LONG, "smallest headroom seen")                    \
	X(CSI_MAP_START, "csi.map.start", KEYWORD, "address, hexadecimal")                         \
	X(CSI_MAP_END, "csi.map.end", KEYWORD, "address, hexadecimal")                             \
	X(CSI_MAP_PERMS, "csi.map.perms", KEYWORD, "rwxp")                                         \
	X(CSI_MAP_OFFSET, "csi.map.offset", LONG, "bytes into the file")                           \
	X(CSI_MAP_SIZE, "csi.map.size", LONG, "bytes")                                             \
	X(CSI_MAP_PRESENT, "csi.map.present", LONG, "bytes resident, by pagemap")                  \
	X(CSI_MAP_PRIVATE, "csi.map.private", LONG, "bytes resident and not file-backed")          \
	X(CSI_MAP_SWAPPED, "csi.map.swapped", LONG, "bytes swapped out")                           \
	X(CSI_MAP_MARKS, "csi.map.marks", KEYWORD,                                                 \
	  "anon-exec, deleted, memfd, patched, patched?, trap, textrel, restored (list)")          \
	X(CSI_MAP_PATCHED, "csi.map.patched", OBJECTS,                                             \
	  "code that is not the file's (list of kind and at, ADDRESS+BYTES)")                      \
	X(CSI_MAP_WRITTEN, "csi.map.written", LONG,                                                \
	  "code pages that were written to, in pages, if any")                                     \
	X(CSI_MEND, "csi.mend", KEYWORD, "what to do about a gap")                                 \
	X(CSI_MOUNT_KIND, "csi.mount.kind", KEYWORD,                                               \
	  "root, memory, bound, volume, network, pseudo")                                          \
	X(CSI_MOUNT_ID, "csi.mount.id", LONG, "mount id")                                          \
	X(CSI_MOUNT_POINT, "csi.mount.point", KEYWORD, "where it is mounted")                      \
	X(CSI_MOUNT_ROOT, "csi.mount.root", KEYWORD, "what of the file system is mounted")         \
	X(CSI_MOUNT_FSTYPE, "csi.mount.fstype", KEYWORD, "file system type")                       \
	X(CSI_MOUNT_SOURCE, "csi.mount.source", KEYWORD, "mount source")                           \
	X(CSI_MOUNT_OPTIONS, "csi.mount.options", KEYWORD, "mount options")                        \
	X(CSI_NEXT, "csi.next", KEYWORD, "what to look at next")                                   \
	X(CSI_NS_MNT, "csi.ns.mnt", LONG, "mount namespace, inode")                                \
	X(CSI_NS_PID, "csi.ns.pid", LONG, "PID namespace, inode")                                  \
	X(CSI_NS_NET, "csi.ns.net", LONG, "network namespace, inode")                              \
	X(CSI_NS_USER, "csi.ns.user", LONG, "user namespace, inode")                               \
	X(CSI_OFFSET, "csi.offset", LONG, "where a gap begins")                                    \
	X(CSI_LENGTH, "csi.length", LONG, "bytes a gap misses, or that were left off file.path")   \
	X(CSI_OMIT, "csi.omit", KEYWORD, "why something was left out on purpose")                  \
	X(CSI_ON, "csi.on", KEYWORD, "what a gap is on")                                           \
	X(CSI_ON_LENGTH, "csi.on_length", LONG, "bytes of what a gap is on, where csi.on is cut")  \
	X(CSI_OUTCOME, "csi.outcome", KEYWORD, "ok, partial, failed, missing, skipped")            \
	X(CSI_PARENT_INODE, "csi.parent.inode", LONG, "directory of a file whose path was cut")    \
	X(CSI_PLAN_KIND, "csi.plan.kind", KEYWORD, "kind of evidence that a plan counts")          \
	X(CSI_PLAN_NUMBER, "csi.plan.number", LONG, "entries, or what is left out")                \
	X(CSI_PLAN_CONTENT, "csi.plan.content", LONG, "bytes of content, holes too")               \
	X(CSI_PLAN_READ, "csi.plan.read", LONG, "bytes to be read, without holes")                 \
	X(CSI_PLAN_STREAM, "csi.plan.stream", LONG, "bytes of the stream, estimated")              \
	X(CSI_PLAN_MOST, "csi.plan.most", LONG, "the same if nothing can be compressed")           \
	X(CSI_PLAN_OVER, "csi.plan.over", LONG, "bytes that --max-bytes is too little by")         \
	X(CSI_PLAN_CPU_MS, "csi.plan.cpu_ms", LONG, "CPU time, estimated, milliseconds")           \
	X(CSI_PLAN_RSS, "csi.plan.rss", LONG, "bytes of memory csi keeps within")                  \
	X(CSI_PLAN_TIMES, "csi.plan.times", OBJECTS,                                               \
	  "list of bytes a second and seconds, estimated")                                         \
	X(CSI_POSTURE_CAPS, "csi.posture.caps", KEYWORD, "effective capabilities (list)")          \
	X(CSI_POSTURE_CAP_EFF, "csi.posture.cap_eff", KEYWORD,                                     \
	  "effective capabilities, hexadecimal")                                                   \
	X(CSI_POSTURE_CAP_PRM, "csi.posture.cap_prm", KEYWORD, "permitted, hexadecimal")           \
	X(CSI_POSTURE_CAP_BND, "csi.posture.cap_bnd", KEYWORD, "bounding, hexadecimal")            \
	X(CSI_POSTURE_CAP_AMB, "csi.posture.cap_amb", KEYWORD, "ambient, hexadecimal")             \
	X(CSI_POSTURE_CAP_INH, "csi.posture.cap_inh", KEYWORD, "inheritable, hexadecimal")         \
	X(CSI_POSTURE_COUNT, "csi.posture.processes", LONG, "processes of which this is true")     \
	X(CSI_POSTURE_FACT, "csi.posture.fact", KEYWORD,                                           \
	  "what a record of a container is about: container, rights, mount, token, network, ...")  \
	X(CSI_POSTURE_NNP, "csi.posture.no_new_privs", LONG, "NoNewPrivs")                         \
	X(CSI_POSTURE_RISK, "csi.posture.risk", KEYWORD,                                           \
	  "runtime socket, node's root, device, ...")                                              \
	X(CSI_POSTURE_SECCOMP, "csi.posture.seccomp", LONG, "0 off, 1 strict, 2 filter")           \
	X(CSI_POSTURE_LSM, "csi.posture.lsm", KEYWORD, "attr/current")                             \
	X(CSI_POSTURE_WRITABLE, "csi.posture.writable", BOOLEAN, "by mount flags and modes")       \
	X(CSI_POSTURE_YAMA, "csi.posture.yama", LONG, "kernel.yama.ptrace_scope, if there is one") \
	X(CSI_POSTURE_USERNS, "csi.posture.uid_map", KEYWORD, "uid_map text")                      \
	X(CSI_READ_NOATIME, "csi.read.noatime", BOOLEAN, "false: O_NOATIME was refused")           \
	X(CSI_READ_SHORT, "csi.read.short", LONG, "bytes that the file lacked against its size")   \
	X(CSI_READ_SIZE, "csi.read.size", LONG, "true size when reading ended, if it changed")     \
	X(CSI_ROOT, "csi.root", KEYWORD, "label of the root: files/LABEL")                         \
	X(CSI_RULE_META, "csi.rule.meta", OBJECTS, "what a YARA rule says of itself")              \
	X(CSI_RULE_TAGS, "csi.rule.tags", KEYWORD, "tags of a YARA rule (list)")                   \
	X(CSI_SCAN_AT, "csi.scan.at", KEYWORD,                                                     \
	  "offset or address of the first string, hexadecimal")                                    \
	X(CSI_SCAN_KIND, "csi.scan.kind", KEYWORD, "file, exe, deleted, memfd, memory, socket")    \
	X(CSI_SCAN_STRINGS, "csi.scan.strings", LONG, "matches of strings in all")                 \
	X(CSI_SIGNS, "csi.signs", OBJECTS, "signs of a process (list of id and level)")            \
	X(CSI_SOCKET_HELD, "csi.socket.held", LONG, "processes that hold it, if not all are told") \
	X(CSI_SOCKET_HOLDERS, "csi.socket.holders", OBJECTS,                                       \
	  "processes that hold it open (list of pid and fd)")                                      \
	X(CSI_SOCKET_INODE, "csi.socket.inode", LONG,                                              \
	  "socket inode: the descriptor's link names it")                                          \
	X(CSI_SOCKET_INTERFACE, "csi.socket.interface", LONG,                                      \
	  "packet: index of the interface it is bound to")                                         \
	X(CSI_SOCKET_LOCAL, "csi.socket.local", KEYWORD, "local end, in a table for people")       \
	X(CSI_SOCKET_OWNER, "csi.socket.owner", KEYWORD, "process, kernel, none, unknown")         \
	X(CSI_SOCKET_PORT_ID, "csi.socket.port_id", LONG, "netlink: mostly the PID")               \
	X(CSI_SOCKET_PROTOCOL, "csi.socket.protocol", KEYWORD,                                     \
	  "raw: IP protocol; packet: ethertype; netlink: family; name or number")                  \
	X(CSI_SOCKET_RECEIVING, "csi.socket.receiving", LONG,                                      \
	  "bytes received and not read; of a listening one, connections that wait")                \
	X(CSI_SOCKET_REMOTE, "csi.socket.remote", KEYWORD, "remote end, in a table for people")    \
	X(CSI_SOCKET_SENDING, "csi.socket.sending", LONG, "bytes written and not acknowledged")    \
	X(CSI_SOCKET_STATE, "csi.socket.state", KEYWORD,                                           \
	  "LISTEN, ESTABLISHED, ...; UNLISTED: held, but in no table")                             \
	X(CSI_SOCKET_TYPE, "csi.socket.type", KEYWORD, "unix, packet: stream, dgram, raw, ...")    \
	X(CSI_SOCKET_UID, "csi.socket.uid", LONG, "owner")                                         \
	X(CSI_STATE, "csi.state", KEYWORD, "process state letter")                                 \
	X(CSI_SUBJECT, "csi.subject", KEYWORD,                                                     \
	  "what a sign is about: process, file, socket, container")                                \
	X(CSI_TEXT, "csi.text", KEYWORD, "text as read")                                           \
	X(CSI_TIMELINE_SOURCE, "csi.timeline.source", KEYWORD, "file, package, process, log")      \
	X(CSI_TIMELINE_TIME, "csi.timeline.time", DATE, "when it happened")                        \
	X(CSI_TIMELINE_WHAT, "csi.timeline.what", KEYWORD,                                         \
	  "modified, accessed, changed, born, started, package, logged, out-of-range (list)")      \
	X(CSI_TIME_RAW, "csi.time.raw", KEYWORD,                                                   \
	  "field and seconds of a time outside 1970 to 2262 (list)")                               \
	X(CSI_TOKEN_CLAIMS, "csi.token.claims", KEYWORD, "payload of a token, its JSON as text")   \
	X(CSI_TOKEN_HEADER, "csi.token.header", KEYWORD, "header of a token, its JSON as text")    \
	X(CSI_VERIFY_AT, "csi.verify.at", LONG, "offset where it went wrong")                      \
	X(CSI_VERIFY_CITES, "csi.verify.cites", LONG, "files that it cites of other bundles")      \
	X(CSI_VERIFY_CHECKPOINTS, "csi.verify.checkpoints", LONG, "checkpoints that agree")        \
	X(CSI_VERIFY_ENCRYPTED, "csi.verify.encrypted", BOOLEAN,                                   \
	  "the file is an age file around the stream")                                             \
	X(CSI_VERIFY_ENTRIES, "csi.verify.entries", LONG, "entries proven")                        \
	X(CSI_VERIFY_PROVEN, "csi.verify.proven", LONG, "bytes of the stream proven")              \
	X(CSI_VERIFY_REASON, "csi.verify.reason", KEYWORD, "why it is not sealed")                 \
	X(CSI_VERIFY_SET_BUNDLES, "csi.verify.set.bundles", LONG, "bundles of the set")            \
	X(CSI_VERIFY_SET_CITED, "csi.verify.set.cited", LONG, "citations that resolve")            \
	X(CSI_VERIFY_SET_MISSING, "csi.verify.set.missing", LONG, "citations without entry")       \
	X(CSI_VERIFY_SET_WRONG, "csi.verify.set.wrong", LONG, "citations of other content")        \
	X(CSI_VERIFY_SET_VERDICT, "csi.verify.set.verdict", KEYWORD, "whole, missing, altered")    \
	X(CSI_VERIFY_STATUS, "csi.verify.status", KEYWORD,                                         \
	  "complete, partial, failed: what is sealed")                                             \
	X(CSI_VERIFY_SUMS, "csi.verify.sums", LONG, "files whose sum agrees")                      \
	X(CSI_VERIFY_TAR_BYTES, "csi.verify.tar_bytes", LONG, "tar bytes proven")                  \
	X(CSI_VERIFY_UNTOLD, "csi.verify.untold", LONG, "proven entries that --list left out")     \
	X(CSI_VERIFY_VERDICT, "csi.verify.verdict", KEYWORD,                                       \
	  "sealed, cut, altered, none, encrypted")                                                 \
	X(CSI_XATTRS, "csi.xattrs", OBJECTS,                                                       \
	  "extended attributes (list of name and base64 value)")                                   \
	X(ERROR_CODE, "error.code", KEYWORD, "errno's name")                                       \
	X(ERROR_MESSAGE, "error.message", KEYWORD, "the same in words")                            \
	X(EVENT_ACTION, "event.action", KEYWORD, "what was being done")                            \
	X(EVENT_KIND, "event.kind", KEYWORD, "event, state, alert, pipeline_error")                \
	X(EVENT_SEVERITY, "event.severity", LONG, "1, 21, 47, 73, 99")                             \
	X(FILE_ACCESSED, "file.accessed", DATE, "atime, before it was read")                       \
	X(FILE_ATTRIBUTES, "file.attributes", KEYWORD, "immutable, append, encrypted (list)")      \
	X(FILE_CREATED, "file.created", DATE, "btime")                                             \
	X(FILE_CTIME, "file.ctime", DATE, "ctime")                                                 \
	X(FILE_DEVICE, "file.device", KEYWORD, "major:minor")                                      \
	X(FILE_GID, "file.gid", KEYWORD, "group id")                                               \
	X(FILE_HASH_MD5, "file.hash.md5", KEYWORD, "MD5")                                          \
	X(FILE_HASH_SHA1, "file.hash.sha1", KEYWORD, "SHA-1")                                      \
	X(FILE_HASH_SHA256, "file.hash.sha256", KEYWORD, "SHA-256")                                \
	X(FILE_INODE, "file.inode", KEYWORD, "inode")                                              \
	X(FILE_MODE, "file.mode", KEYWORD, "permissions, octal, four digits")                      \
	X(FILE_MTIME, "file.mtime", DATE, "mtime")                                                 \
	X(FILE_NAME, "file.name", KEYWORD, "last component, where the path was cut")               \
	X(FILE_PATH, "file.path", KEYWORD, "path in its root, escaped")                            \
	X(FILE_SIZE, "file.size", LONG, "bytes")                                                   \
	X(FILE_TARGET_PATH, "file.target_path", KEYWORD, "target of a symbolic link")              \
	X(FILE_TYPE, "file.type", KEYWORD, "file, dir, symlink, fifo, socket, char, block")        \
	X(FILE_UID, "file.uid", KEYWORD, "owner id")                                               \
	X(MESSAGE, "message", KEYWORD, "one line for people")                                      \
	X(NETWORK_TRANSPORT, "network.transport", KEYWORD, "tcp, udp, unix, raw, packet, netlink") \
	X(NETWORK_TYPE, "network.type", KEYWORD, "ipv4, ipv6")                                     \
	X(SOURCE_IP, "source.ip", KEYWORD, "local address")                                        \
	X(SOURCE_PORT, "source.port", LONG, "local port")                                          \
	X(DESTINATION_IP, "destination.ip", KEYWORD, "remote address")                             \
	X(DESTINATION_PORT, "destination.port", LONG, "remote port")                               \
	X(PROCESS_ARGS, "process.args", KEYWORD, "argv (list)")                                    \
	X(PROCESS_ENTITY_ID, "process.entity_id", KEYWORD,                                         \
	  "boot id, PID namespace, pid, start ticks")                                              \
	X(PROCESS_ENV_VARS, "process.env_vars", KEYWORD, "environment (list)")                     \
	X(PROCESS_EXECUTABLE, "process.executable", KEYWORD, "exe link")                           \
	X(PROCESS_HASH_SHA256, "process.hash.sha256", KEYWORD, "SHA-256 of the executable")        \
	X(PROCESS_NAME, "process.name", KEYWORD, "comm")                                           \
	X(PROCESS_PARENT_PID, "process.parent.pid", LONG, "parent")                                \
	X(PROCESS_PID, "process.pid", LONG, "PID in this namespace")                               \
	X(PROCESS_START, "process.start", DATE, "start")                                           \
	X(PROCESS_THREADS, "process.threads", LONG, "threads")                                     \
	X(PROCESS_USER_ID, "process.user.id", KEYWORD, "effective uid")                            \
	X(PROCESS_USER_NAME, "process.user.name", KEYWORD, "name of it, from the target's passwd") \
	X(PROCESS_GROUP_ID, "process.group.id", KEYWORD, "effective gid")                          \
	X(PROCESS_CWD, "process.working_directory", KEYWORD, "cwd link")                           \
	X(RULE_AUTHOR, "rule.author", KEYWORD, "who wrote a YARA rule")                            \
	X(RULE_ID, "rule.id", KEYWORD, "id of a sign, identifier of a YARA rule")                  \
	X(RULE_NAME, "rule.name", KEYWORD, "its title")                                            \
	X(RULE_REFERENCE, "rule.reference", KEYWORD, "what a YARA rule refers to")                 \
	X(RULE_RULESET, "rule.ruleset", KEYWORD, "file of a YARA rule")                            \
	X(THREAT_TECHNIQUE_ID, "threat.technique.id", KEYWORD, "ATT&CK ids (list, always)")

enum field {
#define X(id, name, type, doc) F_##id,
	FIELD_TABLE(X)
#undef X
		FIELD_COUNT
};

enum field_type { FT_KEYWORD, FT_LONG, FT_DATE, FT_BOOLEAN, FT_OBJECTS };

struct field_info {
	const char *name;
	enum field_type type;
	const char *doc;
};

/* Borrowed, static. */
const struct field_info *field_info(enum field f);

enum { CSI_RECORD_SCHEMA = 1 };

#endif
