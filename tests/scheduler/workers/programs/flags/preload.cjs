globalThis.preloaded = `${globalThis.preloaded ?? ""}require `;
