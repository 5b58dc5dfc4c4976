/** The promises of every engine, kept by NATS. */

import { natsEngine } from "../../../../io/remote/nats/nats_engine.ts";
import { engineContract } from "../../../support/engine_contract.ts";
import { withNats } from "../../../support/nats.ts";

engineContract("NATS", (body) => withNats((server) => body({ connect: () => natsEngine({ servers: server.url }) })));
