export default {
  projects: [
    { displayName: "node", testMatch: ["**/fake_timers.test.mjs"], transform: {} },
    {
      displayName: "global",
      testMatch: ["**/fake_timers_globally.test.mjs"],
      transform: {},
      fakeTimers: { enableGlobally: true },
    },
  ],
};
