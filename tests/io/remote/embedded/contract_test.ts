/** The promises of every engine, kept by the one in this process. */

import { EmbeddedEngine } from "../../../../io/remote/embedded/embedded_engine.ts";
import { engineContract } from "../../../support/engine_contract.ts";

let count = 0;

engineContract("embedded", (body) => {
  const name = `contract-${++count}`;
  return body({ connect: () => Promise.resolve(new EmbeddedEngine(name)) });
});
