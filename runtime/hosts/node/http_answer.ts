import { type Answer, discard, type HttpListenOptions, PlainAnswer } from "../../port/http.ts";
import { setTimer } from "../common/timers.ts";
import type { Incoming } from "./http_body.ts";
import { type Arrival, lingerTime, type NodeConnection } from "./http_connection.ts";
import { NodeExchange } from "./http_exchange.ts";
import { send, sendParts, sendPlain } from "./http_send.ts";
import { takeWhole } from "./light_response.ts";

/** The options of a server, as far as its exchanges need them. */
type ExchangeOptions = Pick<HttpListenOptions, "handle" | "messageLimit"> & { readonly lazyRequests: boolean };

/** Begins with a request: has it handled, and its answer sent. */
export function begin(
  { options }: { readonly options: ExchangeOptions },
  connection: NodeConnection,
  arrival: Arrival,
): NodeExchange {
  const exchange = new NodeExchange(connection, arrival, options);
  const { incoming, outgoing } = exchange;
  outgoing.on("close", () => {
    const isSent = outgoing.writableFinished;
    // A client that leaves cancels the body's source, also while that has nothing to give.
    if (!isSent) exchange.reader?.cancel(new Error("The client disconnected")).catch(ignore);
    exchange.finish(isSent ? "sent" : "left");
    connection.ended(exchange);
  });
  // An error of the connection; "close" follows.
  outgoing.on("error", ignore);
  let handled: Promise<Answer> | Answer;
  try {
    handled = options.handle(exchange);
  } catch {
    // The gate lets no request through that cannot be made; if Node thinks otherwise, it is the client's fault all the same.
    handled = new PlainAnswer(400, "", { connection: "close" });
  }
  if (!(handled instanceof Promise)) deliver(exchange, incoming, handled);
  else void handled.then((response) => deliver(exchange, incoming, response));
  return exchange;
}

function ignore(): void {}

function deliver(exchange: NodeExchange, incoming: Incoming, response: Answer): void {
  const { outgoing } = exchange;
  if (exchange.end !== undefined || outgoing.destroyed) return discard(response);
  if (exchange.bringsBody && !incoming.complete) linger(incoming, exchange);
  if (response instanceof PlainAnswer) return sendPlain(response, exchange);
  try {
    const parts = takeWhole(response);
    const sent = parts === undefined ? send(response, exchange) : sendParts(parts, exchange);
    sent?.catch((error) => failed(exchange, error));
  } catch (error) {
    failed(exchange, error);
  }
}

/** An answer cannot be sent, or not to its end. */
function failed(exchange: NodeExchange, error: unknown): void {
  const { outgoing } = exchange;
  // If the head has gone out, all that is left to say is that the body is not whole.
  if (outgoing.headersSent) outgoing.destroy();
  // Before the exchange is told to end: then its answer is the one that was given.
  else if (exchange.end === undefined) {
    outgoing.writeHead(500, undefined, ["content-length", "0"]);
    outgoing.end();
  }
  exchange.finish("failed", error);
}

/** Gives a client that is still sending its body, which nobody reads any more, time to read the answer; see `lingerTime`. */
function linger(incoming: Incoming, { outgoing }: NodeExchange): void {
  incoming.on("error", ignore);
  outgoing.on("finish", () => {
    if (incoming.complete) return;
    const timer = setTimer(() => incoming.socket.destroy(), lingerTime);
    incoming.on("close", () => timer.cancel());
  });
}
