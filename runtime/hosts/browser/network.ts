import type { HostNetwork } from "../../port/network.ts";

/** What a page has of the network: nothing but `fetch` and `WebSocket`, which need no host. */
export const browserNetwork: HostNetwork = {
  listenHttp: () => Promise.reject(new TypeError("A browser cannot listen for HTTP requests")),
  net: () => {
    throw new TypeError("A browser opens no connections of its own: use fetch or WebSocket");
  },
};
