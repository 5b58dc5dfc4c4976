/** A thread for each connection, in Java, on bare sockets: there is no library of HTTP between. */

import java.io.*;
import java.net.*;

public class Threads {
  public static void main(String[] args) throws IOException {
    ServerSocket server = new ServerSocket(0, 4096, InetAddress.getByName("127.0.0.1"));
    System.out.println(server.getLocalPort());
    while (true) {
      Socket client = server.accept();
      new Thread(null, () -> serve(client), "client", 256 * 1024).start();
    }
  }

  static void serve(Socket client) {
    byte[] answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello".getBytes();
    try (client) {
      client.setTcpNoDelay(true);
      InputStream in = client.getInputStream();
      OutputStream out = client.getOutputStream();
      byte[] buffer = new byte[4096];
      for (int size = in.read(buffer); size > 0; size = in.read(buffer)) {
        if (new String(buffer, 0, size).startsWith("GET /work")) {
          long end = System.nanoTime() + 50_000_000L;
          while (System.nanoTime() < end) {}
        }
        out.write(answer);
      }
    } catch (IOException left) {
      // Its client has gone.
    }
  }
}
