/** How the server answers, and how it reads what is asked. */

/** What every page may do: load what this server has, and nothing else from anywhere. */
const policy = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** A page, or a part of one. */
export function pageAnswer(content: string, type: "html" | "css" | "javascript" = "html", status = 200): Response {
  return new Response(content, { status, headers: { ...policy, "content-type": `text/${type}; charset=utf-8` } });
}

/** A value, as JSON. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value) + "\n", {
    status,
    headers: { ...policy, "content-type": "application/json; charset=utf-8", ...headers },
  });
}

/** JSON values, one a line. */
export function lines(readable: ReadableStream<Uint8Array>): Response {
  return new Response(readable, { headers: { ...policy, "content-type": "application/x-ndjson; charset=utf-8" } });
}

/** A whole number from `least` to `most`; `undefined` for anything else. */
export function readNumber(text: string | null, usual: number, most: number, least = 1): number | undefined {
  if (text === null) return usual;
  const value = Number(text);
  return text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

/** With two digits behind the point. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const signs: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** A text as it may stand in HTML, between tags and in quoted attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => signs[sign]!);
}

/**
 * A text with nothing in it that is not seen. Control characters get the signs that stand for them, and those that turn
 * the direction of writing, behind which code can pose as a comment, the sign for what is unknown. No offset changes.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (sign) => {
    const code = sign.charCodeAt(0);
    if (sign === "\t" || sign === "\n") return sign;
    return code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? "\u2421" : "\ufffd";
  });
}
