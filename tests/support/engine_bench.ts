/**
 * What the tests of engines are made of.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Delivery, Engine, JobMessage, JobQueue, QueueSettings } from "../../io/remote/engine/engine.ts";
import { until } from "./within.ts";

/** An engine to be tested: each connection to it is one more. */
export interface EngineBench {
  connect(): Promise<Engine>;
}

/** How the queues of the tests are. */
export const settings: QueueSettings = { ackWait: 10_000, attempts: 3, limit: 100 };

/** A job for a test. */
export function job(id: string, parts: Partial<JobMessage> = {}): JobMessage {
  return { id, name: "resize", priority: "user-visible", headers: {}, body: new Uint8Array(), ...parts };
}

/** Takes what comes of one priority, up to so much at once. */
export class Taker {
  readonly got: Delivery[] = [];
  most: number = Infinity;
  /** How many are held, as whoever takes them counts. */
  held: number = 0;
  #consuming: { more(): void; close(): Promise<void> } | undefined;
  #isReady = false;
  /** What was wrong in what it was given: an engine reports what it is thrown, and goes on. */
  readonly #wrong: string[] = [];

  static async of(queue: JobQueue, room = 10, priority: JobMessage["priority"] = "user-visible"): Promise<Taker> {
    const taker = new Taker();
    taker.most = room;
    taker.#consuming = await queue.consume(priority, () => taker.most - taker.held, (delivery) => {
      if (!taker.#isReady) taker.#wrong.push("a job was delivered before anybody could say more of it");
      if (taker.held >= taker.most) taker.#wrong.push("a job was delivered although there was no room");
      taker.held++;
      taker.got.push(delivery);
    });
    taker.#isReady = true;
    return taker;
  }

  /** The how many-th delivery, from 0. */
  async at(index: number): Promise<Delivery> {
    await until(() => this.got.length > index, `delivery ${index} has come`);
    return this.got[index]!;
  }

  /** One is no longer held. */
  release(): void {
    this.held--;
    this.#consuming!.more();
  }

  async close(): Promise<void> {
    await this.#consuming!.close();
    assertEquals(this.#wrong, []);
  }
}

/** The bytes of a text, and back. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** A test with a queue of an engine. */
export type QueueTest = (
  title: string,
  body: (queue: JobQueue, engine: Engine, bench: EngineBench) => Promise<void>,
  of?: Partial<QueueSettings>,
) => void;
/** A test with an engine. */
export type EngineTest = (title: string, body: (engine: Engine, bench: EngineBench) => Promise<void>) => void;
