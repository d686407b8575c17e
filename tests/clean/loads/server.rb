# SPDX-License-Identifier: Apache-2.0
require 'socket'
server = TCPServer.new(80)
loop do
  Thread.new(server.accept) do |client|
    nil while client.gets !~ /^\r?$/
    body = "ruby #{(1..100_000).sum}\n"
    client.write "HTTP/1.0 200 OK\r\nContent-Length: #{body.size}\r\n\r\n#{body}"
    client.close
  end
end
