"""A thread for each connection, in Python, on bare sockets; with "fork" a process for each."""

import os
import socket
import sys
import threading
import time

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"


def serve(client):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while request := client.recv(4096):
            if request.startswith(b"GET /work"):
                end = time.perf_counter() + 0.05
                while time.perf_counter() < end:
                    pass
            client.sendall(ANSWER)
    except OSError:
        pass
    client.close()


server = socket.create_server(("127.0.0.1", 0), backlog=4096)
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    if sys.argv[1:] == ["fork"]:
        if os.fork() == 0:
            server.close()
            serve(client)
            os._exit(0)
        client.close()
    else:
        threading.Thread(target=serve, args=(client,), daemon=True).start()
