/** Pieces of text as elements. What comes from files is put in as text, never as markup. */

/** An element with what is in it. */
export function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...content);
  return made;
}

/**
 * A text with nothing in it that is not seen: control characters get the signs that stand for them, and those that turn
 * the direction of writing, behind which code can pose as a comment, the sign for what is unknown. No offset changes.
 */
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (sign) => {
    const code = sign.charCodeAt(0);
    if (sign === "\t" || sign === "\n") return sign;
    return code < 32 ? String.fromCharCode(0x2400 + code) : code === 127 ? "\u2421" : "\ufffd";
  });
}

/** A path without the folder that is searched; the name of the file stands out. */
export function pathElement(path, folders) {
  const folder = folders.find((folder) => path.startsWith(folder) && /^[/\\]/.test(path.slice(folder.length)));
  const short = visible(folder === undefined ? path : path.slice(folder.length + 1));
  const cut = Math.max(short.lastIndexOf("/"), short.lastIndexOf("\\")) + 1;
  return element("span", "path", short.slice(0, cut), element("b", "", short.slice(cut)));
}

/** A line of a file, with what was found in it marked: pairs of offsets. */
export function lineElement({ line, text }, marks) {
  const shown = visible(text);
  const code = element("code", "");
  let end = 0;
  for (const [from, to] of marks) {
    code.append(shown.slice(end, from), element("mark", "", shown.slice(from, to)));
    end = to;
  }
  code.append(shown.slice(end));
  return element("span", "line", element("span", "", String(line)), code);
}

/** Where the words stand in a text. */
export function wordMarks(text, words) {
  if (words.length === 0) return [];
  const pattern = words.map((word) => word.replace(/[^\p{L}\p{N}_]/gu, "\\$&")).join("|");
  return [...text.matchAll(new RegExp(pattern, "giu"))].map(({ index, 0: found }) => [index, index + found.length]);
}

/** Where the view of a file at a line is. */
export function fileAddress(path, line) {
  return `/file?${new URLSearchParams({ path, line: String(line) })}#L${line}`;
}

/** A number of ms as people read it. */
export function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en")} ms`;
}

/** How many there are of something: its name in the singular and the plural. */
export function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
