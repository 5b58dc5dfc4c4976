import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { type Acknowledged, Acks } from "../../../../io/remote/nats/acks.ts";
import type { Link } from "../../../../io/remote/nats/link.ts";

/** A link whose questions are answered by the test. */
function bench() {
  const said: string[] = [];
  const asked: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  const state = { isOver: false, isConnected: true };
  const link = {
    get isOver() {
      return state.isOver;
    },
    get isConnected() {
      return state.isConnected;
    },
    connection: { publish: (place: string, what: string) => said.push(`${what} ${place}`) },
    requests: {
      ask(place: string, what: string) {
        said.push(`${what} ${place}?`);
        return new Promise((resolve, reject) => asked.push({ resolve, reject }));
      },
    },
  };
  const acks = new Acks(link as unknown as Link);
  const known: string[] = [];
  const ack = (place: string, isStale = false): void => {
    const pulled: Acknowledged = {
      place,
      isStale,
      ackAlone: () => Promise.resolve(void said.push(`${place} alone`)),
    };
    void acks.ack(pulled).then(() => known.push(place));
  };
  return { said, asked, state, known, ack };
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 0));

test("of acknowledgements that are said meanwhile only the last is asked of, and all are known with its answer", async () => {
  const { said, asked, known, ack } = bench();
  for (const place of ["a", "b", "c"]) ack(place);
  assertEquals(said, ["+ACK a?", "+ACK b", "+ACK c"]);
  asked[0]!.resolve({});
  await turns();
  assertEquals([known, said.slice(3)], [["a"], ["+ACK c?"]]);
  ack("d");
  asked[1]!.resolve({});
  await turns();
  assertEquals([known, said.slice(4)], [["a", "b", "c"], ["+ACK d", "+ACK d?"]]);
  asked[2]!.resolve({});
  await turns();
  assertEquals(known, ["a", "b", "c", "d"]);
  ack("e");
  assertEquals(said.at(-1), "+ACK e?");
});

test("where an answer is lost each acknowledgement is said by itself, those of meanwhile too", async () => {
  const { said, asked, known, ack } = bench();
  for (const place of ["a", "b", "c"]) ack(place);
  asked[0]!.reject(new Error("lost"));
  await turns();
  assertEquals([known, said.slice(3)], [["a", "b", "c"], ["a alone", "b alone", "c alone"]]);
  ack("d");
  assertEquals(said.at(-1), "+ACK d?");
});

test("while the connection is lost each is said by itself, and of a stream that has gone nothing is said", async () => {
  const { said, state, known, ack } = bench();
  state.isConnected = false;
  ack("a");
  ack("b", true);
  await turns();
  assertEquals([said, known.sort()], [["a alone"], ["a", "b"]]);
});
