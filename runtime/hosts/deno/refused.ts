import { passed } from "../common/last_requests.ts";
import { badRequest, type Refusal, responseTo } from "../common/request_head.ts";
import { setTimer } from "../common/timers.ts";

/** For how long at least it is remembered on which connection a request was refused, in ms: what is behind it comes at once. */
const memory = 250;

/** The other end of a connection. */
export interface Peer {
  readonly hostname?: string;
  readonly port?: number;
}

/**
 * The connections without TLS on which a request was refused: nothing behind it is run. Deno closes none because an answer says so,
 * and goes on with the bytes behind a request that could be read in two ways, also when the client has ended its side and gets
 * no answer.
 */
export class RefusedConnections {
  /** By their other ends; those that came since the timer was set. */
  #recent = new Set<string>();
  #older = new Set<string>();
  #isTimerSet = false;
  readonly #isPlain: boolean;

  /** Those of TLS may be of HTTP/2, where other requests of a connection are none of a refused one's business. */
  constructor(isPlain: boolean) {
    this.#isPlain = isPlain;
  }

  /** Why a request is refused that comes behind one that was; `undefined` if none was. */
  faultOf(info: { readonly remoteAddr: Peer }): Refusal | undefined {
    if (!this.#isTimerSet) return undefined;
    const peer = nameOf(info.remoteAddr);
    return this.#recent.has(peer) || this.#older.has(peer) ? badRequest : undefined;
  }

  /** What the client gets for a request that is refused. */
  refuse(refusal: Refusal, info: { readonly remoteAddr: Peer }): Response {
    const { remoteAddr } = info;
    if (this.#isPlain && remoteAddr.port !== undefined) {
      this.#recent.add(nameOf(remoteAddr));
      if (!this.#isTimerSet) this.#setTimer();
    }
    return refusal.status === 400 ? cutOff() : responseTo(refusal);
  }

  #setTimer(): void {
    this.#isTimerSet = true;
    setTimer(() => {
      this.#isTimerSet = false;
      this.#older = this.#recent;
      this.#recent = new Set();
      if (this.#older.size > 0) this.#setTimer();
    }, memory).unref();
  }
}

function nameOf({ hostname, port }: Peer): string {
  return `${hostname} ${port}`;
}

/** 400 with a body that fails, which makes Deno close the connection: the head has gone out by then. */
function cutOff(): Response {
  const body = new ReadableStream({
    async pull(controller) {
      await passed(0);
      controller.error(new Error("The request was refused"));
    },
  }, { highWaterMark: 0 });
  return new Response(body, { status: 400, headers: { connection: "close" } });
}
