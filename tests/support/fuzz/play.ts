/**
 * Plays a case: one connection from its beginning to its end.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import process from "node:process";
import type { MatrixHost } from "../hosts.ts";
import { type Answer, AnswerReader } from "./answers.ts";
import { bytesOf, type Case, textOf } from "./case.ts";
import { closeFrame, type Frame, type FrameReading, pongFrame, readFrames } from "./frames.ts";
import { readConnection, type Reading } from "./reading.ts";
import { closesAsItSays } from "./rules.ts";

/** What the bytes of a case say. */
export interface Expected {
  readonly reading: Reading;
  /** What those behind the handshake say, where there is one. */
  readonly frames: FrameReading | undefined;
  /** How many answers have to come, before the one that makes a WebSocket. */
  readonly answers: number;
  /** Does a WebSocket have to come to be? */
  readonly isWebSocket: boolean;
  /** Does the server have to close the connection? */
  readonly closes: boolean;
  /** Does it close one after an answer that says so? */
  readonly closesAsItSays: boolean;
}

/** What came of a case. */
export interface Played {
  readonly answers: readonly Answer[];
  readonly frames: readonly Frame[];
  readonly isWebSocket: boolean;
  readonly trouble: string | undefined;
  /** Has the server closed the connection? */
  readonly isClosed: boolean;
  /** Has something been waited for in vain? */
  readonly hung: boolean;
  /** How long the client took to send, in ms: on a busy machine a case of many pieces takes long. */
  readonly sending: number;
  /** How long it took, in ms. */
  readonly duration: number;
}

/** How long what has to come may take, in ms: far more than it does on a busy machine. */
const patience = 5000;
/** How long the client stays for what may come, in ms. */
const linger = 20;

/** Reads the bytes of a case as they are to be read on a host. */
export function expect(one: Case, host: MatrixHost): Expected {
  const bytes = bytesOf(one);
  const reading = readConnection(bytes, host, waitsOf(one));
  const { requests, end, rest, isSure } = reading;
  const isWebSocket = end === "upgraded" && requests.at(-1)!.status === 101;
  const firstOpen = requests.findIndex(({ status }) => status === undefined || status === 101);
  const frames = end === "upgraded" ? readFrames(bytes.slice(rest), host) : undefined;
  const closes = isWebSocket
    ? frames!.isSure && (frames!.end === "failed" || frames!.end === "closed")
    : isSure && (end === "refused" || end === "closed") && closesAsItSays(host);
  const answers = firstOpen < 0 ? requests.length : firstOpen;
  return { reading, frames, answers, isWebSocket, closes, closesAsItSays: closesAsItSays(host) };
}

/** After how many bytes a client waits. */
function waitsOf({ steps }: Case): number[] {
  const waits: number[] = [];
  let bytes = 0;
  for (const step of steps) {
    if ("wait" in step) waits.push(bytes);
    else bytes += textOf(step).length;
  }
  return waits;
}

/** Plays a case against a server. */
export async function play(one: Case, port: number, expected: Expected): Promise<Played> {
  const client = new Client(one, port, expected);
  try {
    return await client.play();
  } finally {
    client.socket.resetAndDestroy();
  }
}

class Client {
  readonly socket: Socket;
  readonly #case: Case;
  readonly #expected: Expected;
  readonly #reader: AnswerReader;
  readonly #connected: Promise<unknown>;
  #isClosed = false;
  #changed: (() => void) | undefined;

  constructor(one: Case, port: number, expected: Expected) {
    this.#case = one;
    this.#expected = expected;
    this.#reader = new AnswerReader(expected.reading.requests.map(({ method }) => method));
    const socket = this.socket = connect({ port, host: "127.0.0.1", localAddress: sourceOf(one.seed), noDelay: true });
    this.#connected = new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    socket.setEncoding("latin1");
    // A reset is one more way of closing.
    socket.on("error", () => {});
    if (one.end !== "mute") {
      socket.on("data", (text: string) => {
        this.#reader.push(text);
        this.#changed?.();
      });
      socket.on("end", () => this.#reader.end());
    }
    socket.on("close", () => {
      this.#reader.end();
      this.#isClosed = true;
      this.#changed?.();
    });
  }

  async play(): Promise<Played> {
    const { steps, end } = this.#case;
    const began = performance.now();
    let sending = 0;
    await this.#connected;
    for (const step of steps) {
      if ("wait" in step) await this.#until(() => this.#has(step.wait), this.#timeFor(step.wait));
      else {
        const start = performance.now();
        await this.#send(textOf(step));
        sending += performance.now() - start;
      }
    }
    if (end === "half" && !this.#isClosed) this.socket.end();
    let hung = false;
    if (end === "settle") hung = !await this.#until(() => this.#isSettled(), patience);
    if (end !== "reset" && !this.#isComplete()) await this.#until(() => false, linger);
    const { answers, frames, isWebSocket, trouble } = this.#reader;
    return {
      answers,
      frames,
      isWebSocket,
      trouble,
      isClosed: this.#isClosed,
      hung,
      sending,
      duration: performance.now() - began,
    };
  }

  /** Sends a piece so that it goes out by itself. */
  #send(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed || this.socket.destroyed) return resolve();
      const done = (): void => {
        this.socket.off("close", done);
        setImmediate(resolve);
      };
      this.socket.once("close", done);
      const goesOut = this.socket.write(text, "latin1", done);
      // A server that reads no more is not waited for.
      if (!goesOut) setTimeout(done, 200);
    });
  }

  /** How long to wait for so many answers: long for what has to come. */
  #timeFor(count: number): number {
    const { answers, isWebSocket } = this.#expected;
    return this.#case.end !== "mute" && count <= answers + (isWebSocket ? 1 : 0) ? patience : 50;
  }

  #has(answers: number): boolean {
    return this.#reader.answers.length >= answers || this.#reader.isWebSocket;
  }

  /** Has all come that has to? */
  #isSettled(): boolean {
    const { answers, isWebSocket, closes, frames, closesAsItSays } = this.#expected;
    if (this.#reader.trouble !== undefined) return true;
    // One that says it closes has to, where the host lets it; or nothing more comes of it.
    if (this.#reader.answers.at(-1)?.closes) return !closesAsItSays;
    if (closes || this.#reader.answers.length < answers) return false;
    if (!isWebSocket) return true;
    if (!this.#reader.isWebSocket) return false;
    if (!frames!.isSure) return true;
    const count = (isOne: (opcode: number) => boolean): number =>
      this.#reader.frames.filter((frame) => isOne(frame.opcode) && frame.isLast).length;
    return count((opcode) => opcode < closeFrame) >= frames!.messages.length &&
      count((opcode) => opcode === pongFrame) >= frames!.pings.length;
  }

  /** Is there nothing more that may come? */
  #isComplete(): boolean {
    const { reading, frames } = this.#expected;
    const isSure = reading.requests.every(({ status }) => status !== undefined) && reading.isSure;
    return this.#isClosed || (isSure && (frames === undefined || frames.isSure));
  }

  /** Waits until something is so, or the connection is closed; answers if that was in time. */
  #until(isSo: () => boolean, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#isClosed || isSo()) end(true);
      };
      const end = (inTime: boolean): void => {
        clearTimeout(timer);
        this.#changed = undefined;
        resolve(inTime);
      };
      const timer = setTimeout(() => end(false), ms);
      this.#changed = look;
      look();
    });
  }
}

/** One of many addresses of this machine, so that a million connections do not use up the ports of one. */
function sourceOf(seed: number): string {
  return process.platform === "linux" ? `127.${1 + (seed & 127)}.${(seed >>> 8) & 255}.1` : "127.0.0.1";
}
