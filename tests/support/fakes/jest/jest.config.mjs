export default {
  projects: [
    { displayName: "installed by tests", testMatch: ["**/fake_timers.mjs"], transform: {} },
    {
      displayName: "installed before everything",
      testMatch: ["**/fake_timers_globally.mjs"],
      transform: {},
      fakeTimers: { enableGlobally: true },
    },
  ],
};
