/**
 * One request, from its head to the end of all that it started.
 *
 * ```
 *   queued ──a slot is free──> running ──the handler returns──> sending ──body sent and children ended──> ended
 *     │                          │                                │
 *     │                          │                                └─ cancelled: a body that nothing makes any more is failed
 *     │                          └─ cancelled: answered at once (504, 503, 500; nobody is left to answer after a disconnect)
 *     └─ cancelled: answered likewise, its handler never runs
 * ```
 *
 * The hooks of `GroupNode` that it has its own of, and the calls it makes instead of `runBody`, in their order:
 *
 * ```
 *   queued    deadline    the earlier one of the scope's and the server's timeout, until there is an answer: no second one is taken
 *             interrupt   answers, has the server take it out of its queue, and ends the group; `start` is not called any more
 *   running   enterBody   then the handler is called; `makeName` and `describe` name the request to those who look
 *             interrupt   answers, fails the request's body, then has `GroupNode` abort the signal; waits inside go on in later turns
 *             bodyThrew   the handler has thrown: the group fails, which cancels it, so that `interrupt` answers
 *   sending   interrupt   with no task left fails the answer's body, and leaves the body of the group
 *             leaveBody   once, when the answer is sent, or is not going to be: the tasks are awaited, then deferred functions run,
 *                         and from then on nothing can be spawned
 *   ended                 the group and the exchange have both ended: the server gives the slot to the next
 * ```
 *
 * @module
 */

import { type Answer, discard, type HttpEnd, type HttpExchange, UnwantedBodyError } from "../../runtime/port/http.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { laneOf } from "../../scheduler/queue/priority.ts";
import { within } from "../../scheduler/scopes/current_scope.ts";
import { isAbort } from "../../scheduler/scopes/errors.ts";
import { type Owner, pathOf, type WaitingTurn } from "../../scheduler/scopes/scope.ts";
import type { Task } from "../../scheduler/scopes/task.ts";
import { GroupNode } from "../../scheduler/tasks/group_node.ts";
import type { GroupSettings } from "../../scheduler/tasks/group_options.ts";
import { answerOf, answerTo, plain, unavailable } from "./answers.ts";
import { BodyLimitError, BodyTimeoutError, RequestBody } from "./request_body.ts";
import { Context } from "./request_context.ts";
import type { Fate, RequestOwner } from "./request_owner.ts";
import { RequestTask } from "./request_task.ts";
import { type RequestTrace, traceOf } from "./request_trace.ts";
import { isOfClient, type Upgradable } from "./web_socket.ts";

/** For how long, after its makers were cancelled and have ended, a body may go on to what they gave it last, in ms. */
const flushTime = 50;

/** The group of every request is made with these. */
const settings: GroupSettings = {
  name: undefined,
  signal: undefined,
  timeout: undefined,
  limit: Infinity,
  teardownTimeout: Infinity,
  lane: laneOf("user-visible"),
};

/**
 * A request as the group of what its handler does. The group's body lasts until the answer has been sent. It is run without
 * promises, which at the rate of requests are a third of what `serve` would cost.
 */
export class LiveRequest extends GroupNode implements Owner {
  readonly exchange: HttpExchange;
  state: "queued" | "running" | "ended" = "queued";
  fate: Fate = "finished";
  /** The status of the answer; 499 while there is none. */
  status = 499;
  /** When the head had come, in ms of the host's clock. */
  readonly began: number = loop().host.now();
  turns: WaitingTurn | undefined = undefined;
  delivered = false;
  readonly #owner: RequestOwner<LiveRequest>;
  #task: RequestTask | undefined = undefined;
  #trace: RequestTrace | undefined = undefined;
  /** The flow of control that it came in, kept for one that waits for a slot while somebody observes. */
  flow: unknown = undefined;
  #isAnswered = false;
  /** The answer, until it is fetched. */
  #response: Answer | undefined = undefined;
  /** Takes the answer, if it was asked for before it was there. */
  #onAnswer: ((response: Answer) => void) | undefined = undefined;
  #body: RequestBody | undefined = undefined;
  /** What the host failed with when the client left in the middle of its body. */
  #lost: unknown = undefined;
  /** The handler's response is on its way. */
  #sending = false;
  #onEnded: (() => void) | undefined = undefined;

  constructor(owner: RequestOwner<LiveRequest>, exchange: HttpExchange) {
    super(owner.scope, settings);
    this.owner = this;
    this.#owner = owner;
    this.exchange = exchange;
    exchange.onEnd = (end, error) => this.#exchangeEnded(end, error);
    owner.deadlines?.add(this);
  }

  /** What the handler runs in is a task of its own, though it has the parts of a group. */
  get handle(): Task<unknown> {
    return (this.#task ??= new RequestTask(this)).handle;
  }

  get baseLane(): number {
    return this.lane;
  }

  protected override makeName(): string {
    return nameOf(this.exchange.request);
  }

  /** Keeps what the request says of itself: Deno forgets it when the exchange has ended. */
  remember(): void {
    void this.name;
  }

  /** The request's place in its trace, made when first asked for. */
  get trace(): RequestTrace {
    return this.#trace ??= traceOf(this.exchange.request);
  }

  /** What `context.upgrade` needs. */
  get upgradable(): Upgradable {
    const { exchange } = this;
    return {
      request: exchange.request,
      messageLimit: this.#owner.messageLimit,
      upgrade: async (listener, protocol) => {
        if (this.status === 101) throw new TypeError("The request has become a WebSocket already");
        const upgraded = await exchange.upgrade(listener, protocol);
        this.status = 101;
        return upgraded;
      },
      spawn: (task) => this.spawn(task, { name: "web socket", lane: this.lane }).handle,
      lost: () => this.cancel("disconnect"),
    };
  }

  /** While a read of the request's body waits for the client: a number that the next chunk changes. Else `undefined`. */
  get bodyProgress(): number | undefined {
    return this.#body?.progress;
  }

  /** The client has sent nothing of its body for too long, though it is waited for. */
  bodyStalled(): void {
    this.#owner.count("stalled");
    this.#body?.fail(new BodyTimeoutError(this.#owner.bodyTimeout));
  }

  /** The client has taken nothing of its answer for too long: it is as good as gone. */
  sendStalled(): void {
    this.#owner.count("stalled");
    this.cancel("disconnect", "The client has taken nothing of the answer for too long");
    this.exchange.cut();
  }

  /** Ends the exchange whatever the handler does, and lists what goes on as abandoned. */
  force(): void {
    this.fate = "forced";
    this.exchange.cut();
    if (this.state === "running" && !this.closed) this.giveUp("the drain of its server is over");
  }

  /** The request's own, until it is answered. */
  override get deadline(): number {
    return this.#isAnswered ? super.deadline : Math.min(super.deadline, this.began + this.#owner.timeout);
  }

  override set deadline(time: number) {
    super.deadline = time;
  }

  /** Its time is over. */
  expire(): void {
    this.cancel("deadline", `The request had ${this.#owner.timeout} ms`);
  }

  /** Runs the handler; called once, unless the request was cancelled before. */
  start(): void {
    this.state = "running";
    loop().queue.beginOutside(this);
    this.enterBody();
    let response: Response | PromiseLike<Response>;
    try {
      response = within(this, handle, this);
    } catch (error) {
      return this.#handlerThrew(error);
    }
    if (response instanceof Response) return this.#handlerReturned(response);
    this.remember();
    Promise.resolve(response).then((it) => this.#handlerReturned(it), (error) => this.#handlerThrew(error));
  }

  /** The answer, or the promise of it; called once. */
  answer(): Answer | Promise<Answer> {
    const response = this.#response;
    this.#response = undefined;
    return response ?? new Promise((resolve) => this.#onAnswer = resolve);
  }

  /** Gives the answer, unless one was given or the client has left; answers whether it was this one. */
  #giveAnswer(response: Answer): boolean {
    if (this.#isAnswered) return false;
    this.#isAnswered = true;
    this.#owner.deadlines?.delete(this);
    if (this.exchange.end === undefined) this.status = response.status;
    if (this.#onAnswer === undefined) this.#response = response;
    else this.#onAnswer(response);
    return true;
  }

  override describe(): string {
    return `request ${pathOf(this)}`;
  }

  /** Calls the handler; see `handle`. */
  callHandler(): Response | PromiseLike<Response> {
    return this.#owner.handler(this.#request(), new Context(this));
  }

  #handlerReturned(returned: Response): void {
    let response: Response;
    try {
      response = answerOf(returned);
    } catch (error) {
      return this.#handlerThrew(error);
    }
    const isWanted = this.exchange.end === undefined || this.status === 101;
    if (isWanted && this.#giveAnswer(response)) this.#sending = true;
    else discard(response);
    // The host may end the exchange as soon as it has the answer.
    if (!this.#sending || this.exchange.end !== undefined || this.effective !== undefined) this.#leave();
  }

  #handlerThrew(error: unknown): void {
    this.bodyThrew(this.#cause(error));
    this.#leave();
  }

  /** The body of the group is over, unless it was before. */
  #leave(): void {
    if (!this.bodyRuns) return;
    const end = this.leaveBody(undefined);
    if (end === undefined) this.#groupEnded();
    else end.catch((error) => this.#failed(error)).then(() => this.#groupEnded());
  }

  #groupEnded(): void {
    // A handler that ended by its cancellation has given no answer.
    if (!this.#isAnswered) this.#giveAnswer(unavailable("The request was cancelled"));
    if (this.exchange.end !== undefined) this.#end();
    else void this.#exchangeOver().then(() => this.#end());
  }

  /** A cancellation has reached the request: the client gets its answer now, whatever the handler does. */
  override interrupt(): void {
    const { source, reason } = this.effective!;
    if (source === "deadline") {
      this.#owner.count("timedOut");
      this.#giveAnswer(plain(504, "The request took too long"));
    } else if (source === "shutdown") {
      this.#giveAnswer(unavailable("The server is shutting down"));
    } else if (source === "disconnect") {
      this.#owner.count("disconnected");
      this.#giveAnswer(unavailable("The client has left"));
    } else if (source === "sibling") {
      this.#giveAnswer(answerTo(reason));
    }
    this.#body?.fail(this.effective);
    super.interrupt();
    if (this.state === "queued") {
      this.#owner.unqueue(this);
      this.#giveAnswer(unavailable("The request was cancelled"));
      void this.end().catch(() => {}).then(() => this.#end());
    } else if (this.#sending && this.live === 0) {
      this.exchange.failBody(this.effective);
    }
    if (this.#sending) this.#leave();
  }

  /** What a handler's error comes from: the host has errors of its own for our cancellation. */
  #cause(error: unknown): unknown {
    const isLost = this.#lost !== undefined && error === this.#lost;
    return isLost || isAbort(error) ? this.effective ?? error : error;
  }

  #request(): Request {
    const { exchange } = this;
    if (!exchange.hasBody) return exchange.request;
    this.#body = new RequestBody(this.#owner.bodyLimit, (error) => this.#bodyLost(error));
    return exchange.requestWith(this.#body);
  }

  /** The host cannot read any more of the request's body. That tells of the client alone, before the answer is given. */
  #bodyLost(error: unknown): void {
    if (this.exchange.end !== undefined) return;
    this.#lost = error;
    this.cancel("disconnect");
  }

  #exchangeEnded(end: HttpEnd, error: unknown): void {
    if (end === "left") {
      this.cancel("disconnect");
    } else if (end === "failed") {
      this.fail(error);
    }
    if (this.#sending) this.#leave();
    this.#onEnded?.();
  }

  /** The group has ended but the answer is still on its way: in a cancelled request, only what was given is waited for. */
  async #exchangeOver(): Promise<void> {
    const over = new Promise<void>((resolve) => this.#onEnded = resolve);
    const timer = this.#sending && this.effective !== undefined
      ? loop().timers.setTimer(() => this.exchange.failBody(this.effective), flushTime, { real: true })
      : undefined;
    await over;
    timer?.cancel();
  }

  #failed(error: unknown): void {
    // The client's fault, not the handler's; and what goes wrong after the client has left goes wrong because of it.
    const isClients = error instanceof BodyLimitError || error instanceof BodyTimeoutError ||
      error instanceof UnwantedBodyError;
    if (isClients || isOfClient(error) || this.request?.source === "disconnect") return;
    this.#owner.failed(error, this);
  }

  #end(): void {
    this.state = "ended";
    this.#body?.end();
    this.#owner.ended(this);
  }
}

/** What runs within a request's scope. */
function handle(live: LiveRequest): Response | PromiseLike<Response> {
  return live.callHandler();
}

function nameOf({ method, url }: Request): string {
  const path = url.indexOf("/", url.indexOf("//") + 2);
  const query = url.indexOf("?", path);
  const end = Math.min(query < 0 ? url.length : query, path + longestName);
  return `${method} ${url.slice(path, end)}`;
}

/** So much of a path is shown, in logs too: a stranger may send 16 KiB of it. */
const longestName = 2000;
