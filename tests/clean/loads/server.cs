// SPDX-License-Identifier: Apache-2.0
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;

class Server {
	static void Answer(object o) {
		using (var client = (TcpClient)o) {
			var stream = client.GetStream();
			var reader = new StreamReader(stream);
			while (!string.IsNullOrEmpty(reader.ReadLine())) {
			}
			long sum = 0;
			for (int i = 0; i < 1000000; i++)
				sum = (sum * 31 + i) % 1000003;
			var writer = new StreamWriter(stream);
			writer.Write("HTTP/1.0 200 OK\r\n\r\nmono " + sum + "\n");
			writer.Flush();
		}
	}

	static void Main() {
		var listener = new TcpListener(IPAddress.Any, 80);
		listener.Start();
		while (true)
			ThreadPool.QueueUserWorkItem(Answer, listener.AcceptTcpClient());
	}
}
