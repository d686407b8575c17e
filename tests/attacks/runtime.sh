#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A JVM with an agent, one that was attached to, one whose jar is gone; Node with a debugger and with options.
# timeout: 600
# needs: mmdebstrap
. "$CSI_TOP/tests/helpers/lib.sh"
. "$CSI_TOP/tests/attacks/lib.sh"
attack_up

# An agent that does nothing, and a program that sleeps, in one jar.
do_sh 'mkdir /tmp/j && cd /tmp/j && printf "%s\n" \
	"public class A { public static void premain(String a) { }" \
	"public static void main(String[] a) throws Exception { Thread.sleep(1000000); } }" >A.java &&
	java -m jdk.compiler/com.sun.tools.javac.Main A.java &&
	printf "Premain-Class: A\nMain-Class: A\n" >M &&
	java -m jdk.jartool/sun.tools.jar.Main -c -f /opt/a.jar -m M A.class && cp /opt/a.jar /tmp/a.jar'
sh_start 'exec 3>&-; exec java -javaagent:/opt/a.jar -cp /opt/a.jar A' && agent=$PID
sh_start 'exec 3>&-; exec java -javaagent:/tmp/a.jar -cp /opt/a.jar A' && agent_tmp=$PID
sh_start 'cp /opt/a.jar /opt/b.jar; exec 3>&-; exec java -cp /opt/b.jar A' && jar=$PID
sh_start 'exec 3>&-; exec java -cp /opt/a.jar A' && attach=$PID
sh_start 'echo "setInterval(() => {}, 1000)" >/opt/n.js; : >/tmp/x.js; exec 3>&-; exec node --inspect=127.0.0.1:9229 /opt/n.js' &&
	inspect=$PID
sh_start 'exec 3>&-; exec node --inspect=0.0.0.0:9230 /opt/n.js' && inspect_all=$PID
sh_start 'exec 3>&-; NODE_OPTIONS="--require /tmp/x.js" exec node /opt/n.js' && options=$PID

# The JVM opens its door for who asks this way (jcmd, jattach).
do_sh "for i in 1 2 3 4 5 6 7 8 9 10; do
	grep -q libjvm /proc/$attach/maps && break; sleep 0.5
done; sleep 2; touch /tmp/.attach_pid$attach; kill -QUIT $attach
for i in 1 2 3 4 5 6 7 8 9 10; do [ -S /tmp/.java_pid$attach ] && break; sleep 0.5; done
ls /proc/$jar/fd >/dev/null; rm /opt/b.jar"
triage

found java-agent "$agent"
found java-agent-tmp "$agent_tmp"
found deleted-jar "$jar"
found jvm-attach "$attach"
found node-inspect "$inspect"
found node-inspect-all "$inspect_all"
found node-options "$options"
cells
