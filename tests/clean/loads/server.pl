# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings;
use IO::Socket::INET;
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalPort => 80, Listen => 16, ReuseAddr => 1) or die "$!";
while (1) {
	my $client = $server->accept or next;
	if (fork == 0) {
		while (<$client>) { last if /^\r?$/ }
		print $client "HTTP/1.0 200 OK\r\n\r\nperl\n";
		exit 0;
	}
	close $client;
}
