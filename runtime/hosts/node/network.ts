import type { HostNetwork } from "../../port/network.ts";
import { nodeNet } from "../common/node_net.ts";
import { nativeRequest } from "./lazy_request.ts";
import { lightResponse } from "./light_response.ts";

/** The network of Node. */
export const nodeNetwork: HostNetwork = {
  listenHttp: async (options) => (await import("./http.ts")).listenHttp(options),
  net: nodeNet,
  answer: lightResponse,
  nativeRequest,
};
