/**
 * How deep a text in JSON is, before it is parsed.
 *
 * @module
 */

/**
 * Has it more levels than so many? V8's `JSON.parse`, as Node 26 has it, writes past its own memory at texts of some ten thousand levels
 * that end too early, and the process ends: nobody who may publish is to do that. Each level takes a byte, so that most texts are not looked at.
 */
export function isDeeper(text: Uint8Array, most: number): boolean {
  if (text.length <= most) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case 0x22: // A string: its end is the next quote with no backslash before it.
        at = endOfString(text, at + 1);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > most) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
    }
  }
  return false;
}

function endOfString(text: Uint8Array, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === 0x5c) at++;
    else if (text[at] === 0x22) return at;
  }
  return text.length;
}
