/**
 * Reading the body of a `Request` or a `Response` as a whole.
 *
 * Browsers do that in a macrotask of theirs, which comes at a time of its own and which no simulated loop sees: for it, nothing would be
 * left that could wake the reader. Chunks they give in microtasks, as servers do.
 *
 * @module
 */

import { concatenate } from "../../basics/bytes.ts";
import { hasBuiltins } from "../../hosts/common/node_process.ts";

type Body = Request | Response;

/** The methods that read from the chunks alone, where the host's own would leave the simulated loop; none elsewhere. */
export function bodyMethods(): Record<string, (this: Body) => Promise<unknown>> {
  if (hasBuiltins()) return {};
  return {
    async arrayBuffer() {
      return (await bytesOf(this)).buffer;
    },
    bytes() {
      return bytesOf(this);
    },
    async blob() {
      return new Blob([await bytesOf(this)], { type: this.headers.get("content-type") ?? "" });
    },
    async text() {
      return new TextDecoder().decode(await bytesOf(this));
    },
    async json() {
      return JSON.parse(new TextDecoder().decode(await bytesOf(this)));
    },
  };
}

async function bytesOf(source: Body): Promise<Uint8Array<ArrayBuffer>> {
  if (source.bodyUsed || source.body?.locked === true) {
    throw new TypeError("The body has been read already, or is being read");
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = source.body?.getReader();
  try {
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader!.read()) {
      chunks.push(read.value);
      length += read.value.byteLength;
    }
  } finally {
    reader?.releaseLock();
  }
  return concatenate(chunks, length);
}
