/**
 * TCP on 127.0.0.1, as the C library has it: descriptors that never block.
 *
 * @module
 */

import { checked } from "./epoll.ts";
import { accept, bind, listen, O_NONBLOCK, socket, socketName } from "./libc.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
/** A `struct sockaddr_in`: the family, the port and the address, which stand there in the order of the network. */
const addressSize = 16;

/** Listens; answers with the descriptor and the port, which the system chooses for 0. */
export function listenOn(port: number): { fd: number; port: number } {
  const fd = checked(socket(AF_INET, SOCK_STREAM | O_NONBLOCK, 0), "socket");
  const address = new DataView(new ArrayBuffer(addressSize));
  address.setUint16(0, AF_INET, true);
  address.setUint16(2, port);
  address.setUint32(4, 0x7f000001);
  checked(bind(fd, address, addressSize), "bind");
  checked(listen(fd, 1024), "listen");
  checked(socketName(fd, address, new Int32Array([addressSize])), "getsockname");
  return { fd, port: address.getUint16(2) };
}

/** The next client that waits; `undefined` where none does. */
export function acceptFrom(fd: number): number | undefined {
  const client = accept(fd, O_NONBLOCK);
  return client < 0 ? undefined : client;
}
